"""The proposal as files, as a diff and as a summary."""
