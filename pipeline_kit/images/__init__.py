"""Images: references, OCI layouts, layers that have the same bytes anywhere, what is said of them and verified."""
