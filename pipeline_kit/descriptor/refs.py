"""Which branches may go to an environment: no event may start a job there from anywhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline_kit.descriptor.events import contains
from pipeline_kit.descriptor.fields import Fields
from pipeline_kit.descriptor.jobs import ReadJob
from pipeline_kit.descriptor.model import EventKind, EventPattern
from pipeline_kit.descriptor.problem import Problems


def check_refs(
    jobs: Mapping[str, ReadJob],
    events: Mapping[str, Sequence[EventPattern]],
    sections: Fields,
    problems: Problems,
) -> None:
    """Reports events that would start a job of an environment from outside the environment's `refs`.

    `events` are resolved. A pipeline that a person starts is left to the server's own protection of the environment.
    """
    environments, schedules = sections.records("environments"), sections.records("schedules")
    for name, job in jobs.items():
        environment = job.job.environment or ""
        refs = environments[environment].texts("refs") if environment in environments else ()
        outside = [event for event in events.get(name, ()) if refs and not _within(event, refs, schedules)]
        if not outside:
            continue
        started = ", ".join(str(event) for event in outside)
        message = f"jobs.{name} would start on {started}, and only {', '.join(refs)} may go to `{environment}`"
        place = job.event_place(outside[0]) if job.job.events else job.job.position
        problems.add(place, message, f'give it events of its own, such as ["branch:{refs[0]}"]')


def _within(event: EventPattern, refs: Sequence[str], schedules: Mapping[str, Fields]) -> bool:
    """Whether whatever the event starts is on one of the branches."""
    match event.kind:
        case EventKind.MANUAL:
            return True
        case EventKind.PUSH:
            branches = [event.pattern]
        case EventKind.SCHEDULE:
            named = schedules.values() if event.pattern == "*" else [schedules.get(event.pattern, Fields({}))]
            branches = [fields.text("branch") or "main" for fields in named]
        case _:
            return False
    return all(any(contains(_branch(ref), _branch(branch)) for ref in refs) for branch in branches)


def _branch(pattern: str) -> EventPattern:
    return EventPattern(EventKind.PUSH, pattern)
