"""`pipeline-kit job`: one job, as a CI server runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_kit.adapters.git.repository import reading_checkout
from pipeline_kit.cli.output import log

if TYPE_CHECKING:
    import argparse

    from pipeline_kit.runner.job_run import JobRun


def execute(arguments: argparse.Namespace) -> int:
    """Runs the job, streaming what it prints; says how it ended in one line."""
    with reading_checkout(arguments.directory.resolve()) as seen:  # git works while the rest of the kit is loaded
        from pipeline_kit.project.open import open_project
        from pipeline_kit.runner.job_run import JobRun

        project = open_project(arguments.directory)
        job = project.job(arguments.name)
        run = JobRun(job, project.descriptor, project.catalog, project.folders, log, look=seen, shared=True)
        return run_shown(run)


def run_shown(run: JobRun) -> int:
    """Runs a job, says how it ended, and returns its exit code."""
    from pipeline_kit.runner.exit_codes import exit_code
    from pipeline_kit.runner.job import run_job
    from pipeline_kit.runner.stop import Interrupted

    try:
        record = run_job(run)
    except Interrupted as stop:
        log(f"{run.job.name}: {stop}")
        return 128 + stop.number
    log(f"{record.job}: {record.outcome.value} in {record.seconds:.1f} s: {record.reason}")
    if record.cause:
        log(f"  cause: {record.cause}")
    return exit_code(record)
