"""The commands, a module each: `execute(arguments)` returns the exit code."""
