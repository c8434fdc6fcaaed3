"""What a command does with the project in a directory: one function per command, which parses and prints nothing."""
