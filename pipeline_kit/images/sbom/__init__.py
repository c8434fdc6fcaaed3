"""What an image contains, as an SBOM."""
