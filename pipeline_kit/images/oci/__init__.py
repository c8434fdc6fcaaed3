"""OCI images as files: layouts, layers, what is attached, and their way into a registry."""
