"""Git as the kit calls it."""
