"""Lets the model predict on labelled datasets, and scores what it predicted."""
