"""Events as sentences on CI files have them, read from a file and from the plan alike."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline_kit.descriptor.model import EventKind, EventPattern
from pipeline_kit.render.quoting import name_expression

KIND_WORDS = {
    EventKind.MERGE_REQUEST: "merge requests",
    EventKind.PUSH: "pushes",
    EventKind.TAG: "tags",
    EventKind.SCHEDULE: "schedules",
    EventKind.MANUAL: "runs started by hand",
}
INSIDE = " from the project itself"


def named_event(kind: EventKind, name: str, *, exactly: bool) -> str:
    """An event by the name of its branch, tag or schedule, or by the expression that the name matches.

    Without a name it is every event of its kind.
    """
    if not name:
        return KIND_WORDS[kind]
    shown = name if exactly else f"like {name}"
    return {EventKind.PUSH: "pushes to", EventKind.TAG: "tags", EventKind.SCHEDULE: "the schedule"}[kind] + f" {shown}"


def event_words(event: EventPattern, *, exactly: bool) -> str:
    """An event of the plan; `exactly` says whether the server compares the name, or matches an expression."""
    if event.kind in (EventKind.MERGE_REQUEST, EventKind.MANUAL) or event.pattern == "*":
        return KIND_WORDS[event.kind]
    return named_event(event.kind, event.pattern if exactly else name_expression(event.pattern), exactly=exactly)


def narrowed(event: str, *, forks: bool, globs: Sequence[str]) -> str:
    """An event, if it is merge requests, with what narrows them: no forks, and the globs of changed files."""
    if event != KIND_WORDS[EventKind.MERGE_REQUEST]:
        return event
    return event + ("" if forks else INSIDE) + (f" that change {', '.join(globs)}" if globs else "")
