"""Judging a model: its predictions, the metrics on them, the rules, and the verdict."""
