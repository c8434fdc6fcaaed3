"""Runs the project's tests and lint in its locked environment."""
