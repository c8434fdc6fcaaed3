"""Jenkins: its file, its lint, its API."""
