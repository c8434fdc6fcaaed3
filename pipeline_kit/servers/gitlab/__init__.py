"""GitLab: its file, its lint, its API."""
