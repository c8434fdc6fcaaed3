"""The builder with a Docker engine."""
