"""What event patterns mean to each other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_kit.descriptor.events import ROOT_EVENTS, contains, covers, intersect
from pipeline_kit.descriptor.model import EventKind, EventPattern
from pipeline_kit.plan.events import matches
from pipeline_kit.plan.model import Event

PATTERNS = st.builds(
    EventPattern,
    st.sampled_from([EventKind.PUSH, EventKind.TAG]),
    st.sampled_from(["*", "main", "release/*", "release/1", "*/fix", "m*", "r*"]),
)
NAMES = st.sampled_from(["main", "release/1", "release/fix", "a/fix", "master", "x"])


@pytest.mark.parametrize(
    ("wide", "narrow", "expected"),
    [
        ("*", "main", True),
        ("main", "*", False),
        ("release/*", "release/1", True),
        ("release/*", "release/1/*", True),
        ("release/*", "main", False),
        ("rel?ase", "release", False),
        ("[m]ain", "main", False),
    ],
)
def test_containment(wide: str, narrow: str, expected: bool) -> None:
    """A star is the only special character."""
    assert contains(EventPattern(EventKind.PUSH, wide), EventPattern(EventKind.PUSH, narrow)) is expected


@given(st.lists(PATTERNS, max_size=4), st.lists(PATTERNS, max_size=4), NAMES, st.sampled_from(["push", "tag"]))
def test_an_intersection_starts_only_what_both_start(
    left: list[EventPattern], right: list[EventPattern], name: str, kind: str
) -> None:
    """It is covered by both lists, and matches no event that one of them does not match."""
    common = intersect(left, right)
    assert covers(left, common)
    assert covers(right, common)
    event = Event(EventKind(kind), branch=name, tag=name)
    if any(matches(each, event) for each in common):
        assert any(matches(each, event) for each in left)
        assert any(matches(each, event) for each in right)


@given(PATTERNS, PATTERNS, NAMES)
def test_what_contains_matches_whatever_the_other_matches(wide: EventPattern, narrow: EventPattern, name: str) -> None:
    """Containment is true of every event."""
    event = Event(narrow.kind, branch=name, tag=name)
    if contains(wide, narrow) and matches(narrow, event):
        assert matches(wide, event)


def test_every_kind_starts_a_root() -> None:
    """A job without needs and events starts on everything."""
    assert {each.kind for each in ROOT_EVENTS} == set(EventKind)
