"""A Kubernetes cluster, by the library `kubernetes`."""
