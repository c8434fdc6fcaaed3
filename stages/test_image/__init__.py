"""Runs the image and asks it: predictions must be those of the evaluation, times and memory become metrics."""
