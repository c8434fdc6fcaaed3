"""`python -m pipeline_kit`: the same as the `pipeline-kit` command."""

from pipeline_kit.cli.main import command_line

command_line()
