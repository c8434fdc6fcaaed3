"""Checks the quality of every declared dataset."""
