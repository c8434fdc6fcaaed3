"""Which jobs an event starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline_kit.descriptor.events import matches_name
from pipeline_kit.descriptor.model import EventKind, EventPattern
from pipeline_kit.plan.globs import matches_glob
from pipeline_kit.plan.model import Event, Plan, PlannedJob


def select(plan: Plan, event: Event) -> Plan:
    """The plan of one event: its jobs' needs are all in it, order and levels as before.

    A job whose need does not start does not start either: that happens where a merge request changed none
    of a need's `changes`, or comes from a fork.
    """
    started: dict[str, PlannedJob] = {}
    for job in plan.jobs:
        if starts(job, event) and all(need in started for need in job.needs):
            started[job.name] = job
    jobs = tuple(replace(job, takes=tuple(take for take in job.takes if take in started)) for job in started.values())
    return replace(plan, jobs=jobs, event=event)


def starts(job: PlannedJob, event: Event) -> bool:
    """Whether the event starts the job, its needs aside."""
    if not any(matches(pattern, event) for pattern in job.events):
        return False
    if event.fork and not job.forks:
        return False
    return not narrowed_out(job.changes, event)


def matches(pattern: EventPattern, event: Event) -> bool:
    """Whether a pattern matches an event."""
    if pattern.kind is not event.kind:
        return False
    name = {EventKind.PUSH: event.branch, EventKind.TAG: event.tag, EventKind.SCHEDULE: event.schedule}.get(event.kind)
    return pattern.pattern == "*" or (name is not None and matches_name(pattern.pattern, name))


def narrowed_out(changes: Sequence[str], event: Event) -> bool:
    """Whether a merge request leaves the job out, since it changed none of the paths that the job is about."""
    if event.kind is not EventKind.MERGE_REQUEST or not changes or event.changed is None:
        return False
    return not any(matches_glob(glob, path) for glob in changes for path in event.changed)
