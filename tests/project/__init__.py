"""What commands do with a project, without the command line."""
