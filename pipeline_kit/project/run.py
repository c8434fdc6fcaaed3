"""A plan run on this machine: its jobs in processes of their own, and the report of them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from pipeline_kit.adapters.files import locked
from pipeline_kit.adapters.git.repository import checkout
from pipeline_kit.catalog import BUILT_IN
from pipeline_kit.contract.context import GitFacts
from pipeline_kit.contract.progress import Progress
from pipeline_kit.contract.result import JobRecord
from pipeline_kit.errors import InfrastructureError, KitError
from pipeline_kit.frozen import frozen
from pipeline_kit.plan.model import Plan, PlannedJob
from pipeline_kit.project.open import OpenProject, unknown_job
from pipeline_kit.report.write import Report, write_report
from pipeline_kit.runner.cleanup import clean_up
from pipeline_kit.runner.exit_codes import ExitCode, exit_code
from pipeline_kit.runner.job import recall, run_job
from pipeline_kit.runner.job_run import JobRun
from pipeline_kit.runner.pipeline import PipelineRun
from pipeline_kit.runner.stop import Interrupted

BUSY = "another run is active in this directory"


@frozen
class RunOptions:
    """How a plan is run: jobs at a time, jobs that a person starts by naming them, and whether the cache is used."""

    parallel: int
    named: Sequence[str] = ()
    use_cache: bool = True


@contextlib.contextmanager
def only_run(project: OpenProject, waits: Callable[[], None]) -> Iterator[None]:
    """Holds the directory for one run while the block runs, and first removes what killed runs left.

    Raises InfrastructureError where another run is active; `waits` is called before waiting for a killed one's jobs.
    """
    with locked(project.folders.lock("run"), busy=BUSY, waits=waits):
        clean_up(project.folders)
        yield


def run_plan(
    project: OpenProject, plan: Plan, options: RunOptions, progress: Progress, meanwhile: Callable[[], None]
) -> Mapping[str, JobRecord]:
    """Runs the plan; every job's record, in the plan's order. Raises Interrupted after all jobs ended."""
    jobs = Jobs(project, *checkout(project.folders.root), use_cache=options.use_cache)
    run = PipelineRun(
        plan=plan,
        folders=project.folders,
        work=jobs.work,
        progress=progress,
        parallel=options.parallel,
        named=options.named,
        prepare=jobs.prepare,
        meanwhile=meanwhile,
    )
    return run.run()


def report_of(project: OpenProject, plan: Plan, records: Mapping[str, JobRecord]) -> Report:
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
        run = JobRun(job, project.descriptor, project.catalog, project.folders, show_line, self.use_cache)
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
