"""Makes the project's locked environment, verifies the toolchain, and builds the wheel."""
