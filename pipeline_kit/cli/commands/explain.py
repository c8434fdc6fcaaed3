"""`pipeline-kit explain`: where a line of a CI file comes from."""

from __future__ import annotations

import argparse

from pipeline_kit.cli.output import say, say_json
from pipeline_kit.cli.servers import files
from pipeline_kit.project.explain import explain
from pipeline_kit.project.open import open_project
from pipeline_kit.project.shown.explanation import as_json, as_lines, row


def execute(arguments: argparse.Namespace) -> int:
    """Prints what a line comes from, or of a whole file each line; what the file on disk is comes first."""
    project = open_project(arguments.directory)
    result = explain(project, arguments.place, files(project.descriptor.plugins))
    if arguments.json:
        lines = [as_json(*line) for line in result.lines]
        say_json({"file": result.file, "state": result.state, "lines": lines})
        return 0
    if result.state:
        say(f"{result.file} {result.state}")
    for line in result.lines:
        say(row(*line) if result.whole else "\n".join(as_lines(result.file, *line)))
    return 0
