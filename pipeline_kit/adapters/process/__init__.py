"""Processes: run and ended with all their children, and servers that a supervisor ends."""
