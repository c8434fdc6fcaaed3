"""Scans the image or the source tree, and writes the image's SBOM."""
