"""How a release replaces the one before it: a strategy is a file."""
