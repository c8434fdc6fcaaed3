"""Prepares the data by the project's code, and shows what came out."""
