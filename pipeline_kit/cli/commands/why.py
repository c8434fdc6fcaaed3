"""`pipeline-kit why`: what made a job run or not, the last time."""

from __future__ import annotations

import argparse

from pipeline_kit.cli.output import say, say_json
from pipeline_kit.project.open import open_project
from pipeline_kit.runner.why import read_why


def execute(arguments: argparse.Namespace) -> int:
    """Prints the reason that the last run kept."""
    project = open_project(arguments.directory)
    job = project.job(arguments.name)
    kept = read_why(project.folders.why(job.name))
    why = str(kept.get("why", "it has not run here"))
    if arguments.json:
        say_json({"job": job.name, "outcome": kept.get("outcome"), "why": why})
    else:
        say(f"{job.name} {why}")
    return 0
