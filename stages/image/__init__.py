"""Builds the image that serves the packed model: base, dependencies, code, model and configuration, by digest."""
