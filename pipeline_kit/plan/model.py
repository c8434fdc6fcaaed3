"""The plan: the one graph of jobs that all three executors run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from pipeline_kit.contract.spec import OutputSpec, ReportSpec, StageSpec
from pipeline_kit.descriptor.model import Environment, EventKind, EventPattern, Runner, Secret, When
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.frozen import frozen


@frozen
class Event:
    """What started a pipeline; names that the kind has none of are None.

    A merge request has its source branch in `branch`, and the paths it changed in `changed` (None: unknown,
    so nothing is narrowed). `fork` marks a merge request from another repository: no secrets, no deploy.
    """

    kind: EventKind
    branch: str | None = None
    tag: str | None = None
    schedule: str | None = None
    changed: tuple[str, ...] | None = None
    fork: bool = False


@frozen
class PlannedJob:
    """A job of the plan: everything an executor must know, resolved.

    `needs` are direct and sorted by the plan's order; `level` is the longest path from a job without needs, from 0.
    `takes` are the jobs whose results it reads: its needs, the nearest makers of what its stage consumes, and jobs
    its inputs name; nearest last. `inputs` are globs, `data.NAME` or `JOB.OUTPUT`; None means every file that git does
    not ignore. `datasets` are the declared data that it reads, by name.
    """

    name: str
    stage: str
    level: int
    needs: tuple[str, ...]
    takes: tuple[str, ...]
    events: tuple[EventPattern, ...]
    changes: tuple[str, ...]
    when: When
    spec: StageSpec
    settings: Mapping[str, Value]
    inputs: tuple[str, ...] | None
    datasets: tuple[str, ...]
    outputs: Mapping[str, OutputSpec]
    timeout_seconds: int
    runner: Runner | None = None
    secrets: tuple[Secret, ...] = ()
    environment: Environment | None = None
    lock: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    cell: Mapping[str, Value] = field(default_factory=dict)  # of a matrix
    forks: bool = True  # starts for a merge request from a fork: it and its needs have no secrets and no environment
    interruptible: bool = True  # a newer push may cancel it: false from the first deploy on

    @property
    def waits_for_a_person(self) -> bool:
        """Whether a person must start the job: by its own `when` or its environment's `approval`."""
        approval = self.environment is not None and self.environment.approval is When.MANUAL
        return self.when is When.MANUAL or approval

    @property
    def reports(self) -> tuple[ReportSpec, ...]:
        """The outputs that the report of a run shows."""
        return self.spec.reports

    def setting(self, path: str) -> Value:
        """The setting at a dotted path, or none."""
        value: Value = self.settings
        for part in path.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        return value


@frozen
class Plan:
    """Jobs in the plan's order: by level, then as the descriptor lists them. `event` is None for all of them."""

    project: str
    jobs: tuple[PlannedJob, ...]
    event: Event | None = None

    def job(self, name: str) -> PlannedJob | None:
        """The job of that name, or None."""
        return next((job for job in self.jobs if job.name == name), None)

    def levels(self) -> tuple[tuple[PlannedJob, ...], ...]:
        """The jobs by level, the first level first; a level that an event emptied is left out."""
        numbers = sorted({job.level for job in self.jobs})
        return tuple(tuple(job for job in self.jobs if job.level == number) for number in numbers)
