"""Stores: one from outside, by entry point."""
