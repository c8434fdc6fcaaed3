"""Packs the judged model with its code, lock file, metrics and verdict into one archive."""
