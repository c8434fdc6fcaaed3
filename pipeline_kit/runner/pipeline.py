"""Runs the plan on this machine: a job starts when all of its needs have passed, several at a time."""

from __future__ import annotations

import os
import selectors
import signal
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from pipeline_kit.contract.progress import Progress
from pipeline_kit.contract.result import JobRecord, Outcome
from pipeline_kit.errors import Category
from pipeline_kit.plan.model import Plan, PlannedJob
from pipeline_kit.runner.child import Child, start
from pipeline_kit.runner.collect import write_cases
from pipeline_kit.runner.exit_codes import ExitCode
from pipeline_kit.runner.folders import RESULT, Folders
from pipeline_kit.runner.stop import Stop, signals_blocked, stoppable
from pipeline_kit.runner.why import write_why

TICK_SECONDS = 0.1
STOP_SECONDS = 20.0


@dataclass(slots=True)
class PipelineRun:
    """A run of a plan: the jobs that ended, and those that are running."""

    plan: Plan
    folders: Folders
    work: Callable[[PlannedJob], int]  # runs one job in the child and returns its exit code
    progress: Progress
    parallel: int
    named: Collection[str] = ()  # named on the command line: these start even where they are manual
    prepare: Callable[[PlannedJob], JobRecord | None] = lambda job: None  # its record if it needs no process
    meanwhile: Callable[[], None] = lambda: None  # called once, while the first jobs work
    records: dict[str, JobRecord] = field(default_factory=dict)
    running: dict[str, Child] = field(default_factory=dict)
    retried: set[str] = field(default_factory=set)
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)

    def run(self) -> dict[str, JobRecord]:
        """Runs the plan; every job's record, in the plan's order. Raises Interrupted after all children ended."""
        stop = Stop(self.hurry, raising=False)
        with stoppable(stop):
            try:
                waited = False
                while len(self.records) < len(self.plan.jobs):
                    stop.check()
                    self.end_blocked()
                    self.start_ready()
                    if self.running and not waited:
                        waited = True
                        self.meanwhile()
                    self.listen()
                stop.check()
            finally:
                self.stop_all()
                self.selector.close()
        return {job.name: self.records[job.name] for job in self.plan.jobs}

    def end_blocked(self) -> None:
        """Ends the jobs that cannot start: as skipped where a need did not pass, as waiting where a person must act."""
        for job in self.plan.jobs:
            if job.name in self.records or job.name in self.running:
                continue
            ended = {need: self.records[need].outcome for need in job.needs if need in self.records}
            waiting = [need for need, outcome in ended.items() if outcome is Outcome.WAITING]
            stopped = [need for need, outcome in ended.items() if outcome not in (Outcome.PASSED, Outcome.WAITING)]
            if stopped:
                self.end_unstarted(job, Outcome.SKIPPED, f"{stopped[0]} {ended[stopped[0]].value}")
            elif waiting:
                self.end_unstarted(job, Outcome.WAITING, f"{waiting[0]} waits for a person")
            elif len(ended) == len(job.needs) and self.needs_person(job):
                hint = f"a person starts it: pipeline-kit run {job.name}"
                self.end_unstarted(job, Outcome.WAITING, hint)

    def needs_person(self, job: PlannedJob) -> bool:
        """Whether the job starts only when it is named on the command line."""
        return (job.waits_for_a_person or job.spec.changes_world) and job.name not in self.named

    def end_unstarted(self, job: PlannedJob, outcome: Outcome, reason: str) -> None:
        """Records a job that does not run; this replaces an earlier run's result."""
        record = JobRecord(job.name, job.stage, outcome, reason)
        self.write(record)
        self.end(record)

    def end(self, record: JobRecord) -> None:
        """Adds a record and shows it."""
        self.records[record.job] = record
        self.progress.ended(record.job, record.outcome, record.seconds, record.reason, record.cached)

    def start_ready(self) -> None:
        """Starts the jobs that may start, in the plan's order, up to the parallel limit."""
        held = {job.lock for job in self.plan.jobs if job.name in self.running and job.lock}
        for job in self.plan.jobs:
            if len(self.running) >= self.parallel:
                return
            if job.name in self.records or job.name in self.running or job.lock in held:
                continue
            if all(need in self.records for need in job.needs):
                self.start_job(job)
                held.update([job.lock] if job.lock else [])

    def start_job(self, job: PlannedJob) -> None:
        """Starts a job, or ends it at once if it needs no process."""
        if (known := self.prepare(job)) is not None:
            self.progress.started(job.name)
            self.end(known)
            return
        with signals_blocked():
            child = start(job.name, lambda: self.work(job))
            self.running[job.name] = child
        self.selector.register(child.pipe, selectors.EVENT_READ, child)
        self.progress.started(job.name)

    def listen(self) -> None:
        """Shows the jobs' output until a job ends or a tick has passed."""
        if not self.running:
            return
        for key, _ in self.selector.select(TICK_SECONDS):
            child: Child = key.data
            lines = child.read()
            if lines is None:
                child.ended(wait=True)
            for line in lines or ():
                self.progress.line(child.job, line)
        for child in list(self.running.values()):
            if child.ended(wait=False):
                self.end_child(child)
        self.progress.tick()

    def end_child(self, child: Child) -> None:
        """Adds the record of a job that ended, or starts it once more after an infrastructure failure."""
        self.forget(child)
        job = self.plan.job(child.job)
        assert job is not None
        if child.exit_code == ExitCode.INFRASTRUCTURE and child.job not in self.retried:
            self.retried.add(child.job)
            self.progress.line(child.job, "infrastructure failed; running it once more")
            self.start_job(job)
            return
        record = self.folders.read(child.job)
        self.end(record or self.killed(job, child))

    def killed(self, job: PlannedJob, child: Child) -> JobRecord:
        """The record of a job whose process ended without one."""
        number = (child.exit_code or 0) - 128
        names = {known.value: known.name for known in signal.Signals}
        ending = f"was killed by {names[number]}" if number in names else f"ended with exit code {child.exit_code}"
        hint = ": the machine may have run out of memory" if number == signal.SIGKILL else ""
        seconds = time.monotonic() - child.started
        reason = f"the job's process {ending}{hint}"
        if child.exit_code in (ExitCode.INFRASTRUCTURE, ExitCode.INTERNAL):
            reason = child.last or "its result could not be written"
        category = Category.INTERNAL if child.exit_code == ExitCode.INTERNAL else Category.INFRASTRUCTURE
        record = JobRecord(job.name, job.stage, Outcome.FAILED, reason, category, seconds=seconds)
        self.write(record)
        return record

    def write(self, record: JobRecord) -> None:
        """Writes the record of a job whose own process did not; a failure of that is shown, and the run continues."""
        out = self.folders.out(record.job)
        try:
            (out / RESULT).unlink(missing_ok=True)
            write_cases(record, (), out)
            write_why(self.folders.why(record.job), record, {})
            self.folders.write(record)
        except OSError as error:
            self.progress.line(record.job, f"its result cannot be written: {error.strerror}: {error.filename}")

    def forget(self, child: Child) -> None:
        """Removes a child that ended, after its last output."""
        self.selector.unregister(child.pipe)
        if child.pending:
            self.progress.line(child.job, child.pending.decode(errors="replace"))
        child.close()
        del self.running[child.job]

    def stop_all(self) -> None:
        """Ends the running children: SIGTERM, time to clean up, then SIGKILL."""
        for child in self.running.values():
            child.signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for child in list(self.running.values()):
            while not child.ended(wait=False) and time.monotonic() < deadline:
                if self.selector.select(TICK_SECONDS):
                    self.drain()
            child.signal(signal.SIGKILL)
            child.ended(wait=True)
            self.forget(child)

    def hurry(self) -> None:
        """Sends the jobs a second SIGTERM, on which they end at once."""
        for child in tuple(self.running.values()):
            child.signal(signal.SIGTERM)

    def drain(self) -> None:
        """Reads the output of stopping children, so that none blocks on a full pipe."""
        for key, _ in self.selector.select(0):
            child: Child = key.data
            if child.read() is None:
                child.ended(wait=True)


def default_parallel() -> int:
    """The default number of parallel jobs: the processors that this process may use."""
    return max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
