"""`pipeline-kit run`: the pipeline on this machine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pipeline_kit.cli.event import plan_for
from pipeline_kit.cli.output import say, say_json, warn
from pipeline_kit.errors import UsageError
from pipeline_kit.plan.drawing import as_table
from pipeline_kit.project.open import open_project
from pipeline_kit.project.run import RunOptions, narrowed, only_run, report_of, run_plan
from pipeline_kit.report.record import to_json
from pipeline_kit.runner.exit_codes import worst
from pipeline_kit.runner.pipeline import default_parallel
from pipeline_kit.runner.stop import Interrupted

if TYPE_CHECKING:
    import argparse


def execute(arguments: argparse.Namespace) -> int:
    """Runs the plan or the named jobs, shows progress, and ends with the summary."""
    from pipeline_kit.report.terminal import open_progress, print_summary

    project = open_project(arguments.directory)
    plan = narrowed(plan_for(project, arguments), arguments.jobs)
    parallel = arguments.parallel if arguments.parallel is not None else default_parallel()
    if parallel < 1:
        raise UsageError("--jobs must be at least 1")
    if arguments.dry_run:
        say(as_table(plan))
        return 0
    options = RunOptions(parallel, arguments.jobs, use_cache=not arguments.no_cache)
    with only_run(project, say_waiting):
        try:
            with open_progress(plan, quiet=arguments.json) as progress:
                records = run_plan(project, plan, options, progress, load_report)
        except Interrupted as stop:
            warn(f"pipeline-kit: {stop}; run the same command again to continue")
            return 128 + stop.number
        if arguments.json:
            say_json({name: json.loads(to_json(record)) for name, record in records.items()})
        report = report_of(project, plan, records)
    if not arguments.json:
        print_summary(report.summary, report.html)
    return worst(records.values())


def load_report() -> None:
    """Loads what the report is made with."""
    from pipeline_kit.report.html import template

    template()


def say_waiting() -> None:
    """Says why nothing happens yet."""
    warn("pipeline-kit: waiting for the jobs of a run that was killed to end")
