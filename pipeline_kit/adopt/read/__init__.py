"""What the files of an existing repository declare. Nothing is run."""
