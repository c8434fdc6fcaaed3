"""Releases on a cluster: manifests, their order, readiness, and the record of what is live."""
