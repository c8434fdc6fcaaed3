"""Where releases run: a target is a folder."""
