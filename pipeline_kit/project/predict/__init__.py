"""Predictions from an image, run as a plain process, or from an instance of a release."""
