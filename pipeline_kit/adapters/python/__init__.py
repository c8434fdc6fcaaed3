"""The project's Python: locked environments, wheels, and calls of the project's code."""
