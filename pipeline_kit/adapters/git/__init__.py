"""Git: the state of a checkout, its history, and a commit in a folder of its own."""
