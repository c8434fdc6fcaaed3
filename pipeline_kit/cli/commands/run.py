"""`pipeline-kit run`: the pipeline on this machine."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline_kit.adapters.files import locked
from pipeline_kit.adapters.git.repository import checkout
from pipeline_kit.catalog import BUILT_IN
from pipeline_kit.cli.project import OpenProject, open_project, plan_for, unknown_job
from pipeline_kit.contract.context import GitFacts
from pipeline_kit.contract.result import JobRecord
from pipeline_kit.errors import InfrastructureError, KitError, UsageError
from pipeline_kit.frozen import frozen
from pipeline_kit.plan.drawing import as_table
from pipeline_kit.plan.model import Plan, PlannedJob
from pipeline_kit.report.record import to_json
from pipeline_kit.report.write import Report, write_report
from pipeline_kit.runner.cleanup import clean_up
from pipeline_kit.runner.exit_codes import ExitCode, exit_code, worst
from pipeline_kit.runner.job import recall, run_job
from pipeline_kit.runner.job_run import JobRun
from pipeline_kit.runner.pipeline import PipelineRun, default_parallel
from pipeline_kit.runner.stop import Interrupted

if TYPE_CHECKING:
    import argparse

BUSY = "another run is active in this directory"


def execute(arguments: argparse.Namespace) -> int:
    """Runs the plan or the named jobs, shows progress, and ends with the summary."""
    from pipeline_kit.report.terminal import open_progress, print_summary

    project = open_project(arguments.directory)
    plan = narrowed(plan_for(project, arguments), arguments.jobs)
    parallel = arguments.parallel if arguments.parallel is not None else default_parallel()
    if parallel < 1:
        raise UsageError("--jobs must be at least 1")
    if arguments.dry_run:
        print(as_table(plan))
        return 0
    with locked(project.folders.lock("run"), busy=BUSY, waits=say_waiting):
        clean_up(project.folders)
        jobs = Jobs(project, *checkout(project.folders.root), use_cache=not arguments.no_cache)
        with open_progress(plan, quiet=arguments.json) as progress:
            run = PipelineRun(
                plan=plan,
                folders=project.folders,
                work=jobs.work,
                progress=progress,
                parallel=parallel,
                named=arguments.jobs,
                prepare=jobs.prepare,
                meanwhile=load_report,
            )
            try:
                records = run.run()
            except Interrupted as stop:
                print(f"pipeline-kit: {stop}; run the same command again to continue", file=sys.stderr)
                return 128 + stop.number
        if arguments.json:
            print(json.dumps({name: json.loads(to_json(record)) for name, record in records.items()}, indent=2))
        report = reported(plan, records, project)
    if not arguments.json:
        print_summary(report.summary, report.html)
    return worst(records.values())


def load_report() -> None:
    """Loads what the report is made with."""
    from pipeline_kit.report.html import template

    template()


def say_waiting() -> None:
    """Says why nothing happens yet."""
    print("pipeline-kit: waiting for the jobs of a run that was killed to end", file=sys.stderr, flush=True)


def reported(plan: Plan, records: Mapping[str, JobRecord], project: OpenProject) -> Report:
    """The run's report, written. Raises InfrastructureError where the disk does not take it."""
    try:
        return write_report(plan, records, project.folders.out, project.folders.report)
    except OSError as error:
        hint = "; ".join(f"{name}: {record.reason}" for name, record in records.items() if record.category)
        message = f"the report cannot be written: {error.strerror}: {error.filename or project.folders.report}"
        raise InfrastructureError(message, hint=hint or "the jobs themselves passed") from error


def narrowed(plan: Plan, names: Sequence[str]) -> Plan:
    """The plan of the named jobs and all that they need; the whole plan where none is named."""
    if not names:
        return plan
    jobs: Mapping[str, PlannedJob] = {job.name: job for job in plan.jobs}
    expected: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in jobs:
            raise unknown_job(name, plan)
        if name not in expected:
            expected.add(name)
            pending.extend(jobs[name].needs)
    return replace(plan, jobs=tuple(job for job in plan.jobs if job.name in expected))


@frozen
class Jobs:
    """The jobs of a run; all see the state of the checkout that git reported at its start."""

    project: OpenProject
    git: GitFacts
    files: tuple[str, ...]
    use_cache: bool

    def run_of(self, job: PlannedJob) -> JobRun:
        """A job that is to be run."""
        project = self.project
        run = JobRun(job, project.descriptor, project.specs, project.folders, show_line, self.use_cache)
        run.git, run.files = self.git, self.files
        return run

    def prepare(self, job: PlannedJob) -> JobRecord | None:
        """The record of a job that the cache has; for any other the kit's own code is loaded before the fork."""
        record = recall(self.run_of(job))
        if record is None and job.stage in BUILT_IN:
            self.project.specs.load_run(job.stage)
        return record

    def work(self, job: PlannedJob) -> int:
        """Runs one job in the child process that this is, and returns its exit code."""
        run = self.run_of(job)
        try:
            return exit_code(run_job(run))
        except Interrupted as stop:
            return 128 + stop.number
        except KitError as error:
            show_line(run.mask(f"{error} ({error.hint})"))
            return ExitCode.INFRASTRUCTURE
        except OSError as error:
            show_line(run.mask(f"{error.strerror}: {error.filename}"))
            return ExitCode.INFRASTRUCTURE
        except Exception:
            import traceback

            for line in run.mask(traceback.format_exc()).splitlines():
                show_line(line)
            return ExitCode.INTERNAL


def show_line(line: str) -> None:
    """Prints a line into the pipe that the parent reads."""
    print(line, flush=True)
