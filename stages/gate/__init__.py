"""Judges the model by rules, absolute and against a baseline that is scored again on the same rows."""
