"""The descriptor `pipeline-kit.yml`: its model, loading, layers and checks. No I/O but reading the files named."""
