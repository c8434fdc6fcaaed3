"""Runs a command of the project's own: whatever no other stage is for."""
