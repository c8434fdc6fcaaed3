"""The kit's templates, one folder a target; read as package data."""
