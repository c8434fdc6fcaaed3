"""A model's package: its files by digest, how it was made and judged, and how it predicts."""
