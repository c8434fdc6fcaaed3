"""Reads handwritten digits by a convolutional network."""
