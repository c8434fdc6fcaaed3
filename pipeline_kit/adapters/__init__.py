"""The world: processes, git, files, stores and Pythons, behind the contract's ports."""
