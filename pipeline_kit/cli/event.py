"""The event that the command line names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_kit.descriptor.model import Descriptor, EventKind
from pipeline_kit.errors import UsageError
from pipeline_kit.plan.model import Event, Plan
from pipeline_kit.project.open import OpenProject

if TYPE_CHECKING:
    import argparse

NAMED_BY = {EventKind.PUSH: "branch", EventKind.TAG: "tag", EventKind.SCHEDULE: "schedule"}


def event_of(arguments: argparse.Namespace, descriptor: Descriptor) -> Event | None:
    """The event that the command line names, if any. Raises UsageError where its options do not fit together."""
    if arguments.event is None:
        for name in ("branch", "tag", "schedule", "changed"):
            if getattr(arguments, name):
                raise UsageError(f"--{name} says something of an event", hint="give --event too")
        return None
    kind = EventKind(arguments.event)
    needed = NAMED_BY.get(kind)
    if needed and not getattr(arguments, needed):
        raise UsageError(f"--event {kind.value} needs --{needed}")
    if kind is EventKind.SCHEDULE and arguments.schedule not in descriptor.schedules:
        known = ", ".join(descriptor.schedules) or "none"
        raise UsageError(f"unknown schedule {arguments.schedule!r}", hint=f"the descriptor has: {known}")
    if kind is not EventKind.MERGE_REQUEST and (arguments.changed or arguments.fork):
        raise UsageError("--changed and --fork belong to --event merge_request")
    changed = tuple(arguments.changed) if arguments.changed else None
    return Event(kind, arguments.branch, arguments.tag, arguments.schedule, changed, arguments.fork)


def plan_for(project: OpenProject, arguments: argparse.Namespace) -> Plan:
    """The plan of the event that the command line names, or of all events."""
    from pipeline_kit.plan.events import select

    event = event_of(arguments, project.descriptor)
    return project.plan if event is None else select(project.plan, event)
