"""The proof of an image: its content, its signed statement, its SBOM."""
