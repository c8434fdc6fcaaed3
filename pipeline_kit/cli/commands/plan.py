"""`pipeline-kit plan`: the jobs in their order."""

from __future__ import annotations

import argparse

from pipeline_kit.cli.event import plan_for
from pipeline_kit.cli.output import say, say_json
from pipeline_kit.plan.drawing import as_json, as_mermaid, as_table
from pipeline_kit.project.open import open_project


def execute(arguments: argparse.Namespace) -> int:
    """Prints the plan."""
    plan = plan_for(open_project(arguments.directory), arguments)
    if arguments.json or arguments.format == "json":
        say_json(as_json(plan))
    else:
        say(as_mermaid(plan) if arguments.format == "mermaid" else as_table(plan))
    return 0
