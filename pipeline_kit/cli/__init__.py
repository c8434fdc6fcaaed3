"""The command line: parses, calls one library function a command, maps errors to exit codes."""
