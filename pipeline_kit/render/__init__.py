"""The plan as CI files, and new projects as files."""
