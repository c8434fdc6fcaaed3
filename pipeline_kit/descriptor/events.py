"""What event patterns mean to each other: which covers which, and what two lists have in common.

In a pattern `*` matches any characters, `/` included, on every executor.
"""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from pipeline_kit.descriptor.model import EventKind, EventPattern

ROOT_EVENTS = (
    EventPattern(EventKind.MERGE_REQUEST),
    EventPattern(EventKind.PUSH),
    EventPattern(EventKind.TAG),
    EventPattern(EventKind.SCHEDULE),
    EventPattern(EventKind.MANUAL),
)
"""What starts a job that has no needs and names no events."""


def covers(wide: Sequence[EventPattern], narrow: Sequence[EventPattern]) -> bool:
    """Whether every event that `narrow` lets start is one that `wide` lets start too."""
    return not uncovered(wide, narrow)


def uncovered(wide: Sequence[EventPattern], narrow: Sequence[EventPattern]) -> tuple[EventPattern, ...]:
    """The patterns of `narrow` that no single pattern of `wide` covers."""
    if wide == narrow:
        return ()
    return tuple(event for event in narrow if not any(contains(other, event) for other in wide))


def intersect(left: Sequence[EventPattern], right: Sequence[EventPattern]) -> tuple[EventPattern, ...]:
    """The patterns that both lists cover, in the order of `left`.

    Of two globs that overlap without one containing the other nothing is kept: such a job names its events.
    """
    if left == right:  # as of nearly all jobs in nearly all plans
        return tuple(left)
    common: list[EventPattern] = []
    for one in left:
        for other in right:
            narrower = other if contains(one, other) else one if contains(other, one) else None
            if narrower is not None and narrower not in common:
                common.append(narrower)
    return tuple(common)


def contains(wide: EventPattern, narrow: EventPattern) -> bool:
    """Whether `wide` matches whatever `narrow` matches."""
    if wide.kind is not narrow.kind:
        return False
    # A character that no pattern contains represents a star's match: only a star of `wide` can match it.
    return matches_name(wide.pattern, narrow.pattern.replace("*", "\0"))


def matches_name(pattern: str, name: str) -> bool:
    """Whether a name matches a pattern whose only special character is `*`."""
    return fnmatchcase(name, pattern.replace("[", "[[]").replace("?", "[?]"))
