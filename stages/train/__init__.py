"""Trains the model by the project's code."""
