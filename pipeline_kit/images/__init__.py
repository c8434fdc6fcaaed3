"""Images: references, OCI layouts, reproducible layers, SBOMs, signatures and their verification."""
