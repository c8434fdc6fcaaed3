"""A shell script as a CI server."""
