"""The target `kubernetes`: objects of a namespace, applied through the API server."""
