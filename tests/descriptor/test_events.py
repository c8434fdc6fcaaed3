"""Event patterns contain and meet each other as the names that they match do."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_kit.descriptor.events import contains, covers, intersect, matches_name, uncovered
from pipeline_kit.descriptor.jobs import event_of
from pipeline_kit.descriptor.model import EventKind, EventPattern

patterns = st.text("ab*", min_size=1, max_size=5)
names = st.text("abc", max_size=6)


def push(pattern: str) -> EventPattern:
    return EventPattern(EventKind.PUSH, pattern)


def test_any_branch_contains_one() -> None:
    """`push` contains `branch:main`, and not the other way round; a tag is no branch."""
    assert contains(event_of("push"), event_of("branch:main"))
    assert not contains(event_of("branch:main"), event_of("push"))
    assert not contains(event_of("tag"), event_of("branch:main"))


def test_globs_contain_narrower_globs() -> None:
    """A star takes in another star, and slashes."""
    assert contains(push("release/*"), push("release/1.*"))
    assert contains(push("*-rc"), push("release/*-rc"))
    assert not contains(push("release/1.*"), push("release/*"))


@settings(deadline=None)
@given(wide=patterns, narrow=patterns, name=names)
def test_containing_means_matching_whatever_the_other_matches(wide: str, narrow: str, name: str) -> None:
    """Where one pattern contains another, no name matches the narrow one alone."""
    if contains(push(wide), push(narrow)) and matches_name(narrow, name):
        assert matches_name(wide, name)


@settings(deadline=None)
@given(wide=patterns, narrow=patterns)
def test_not_containing_has_a_witness(wide: str, narrow: str) -> None:
    """Where one does not contain the other, a name that no pattern spells out is the proof."""
    witness = narrow.replace("*", "xyz")
    assert matches_name(narrow, witness)
    assert contains(push(wide), push(narrow)) == matches_name(wide, witness)


@settings(deadline=None)
@given(left=st.lists(patterns, max_size=3), right=st.lists(patterns, max_size=3), name=names)
def test_an_intersection_matches_on_both_sides(left: list[str], right: list[str], name: str) -> None:
    """Whatever both lists have in common is covered by each of them."""
    one, other = [push(each) for each in left], [push(each) for each in right]
    common = intersect(one, other)
    assert covers(one, common)
    assert covers(other, common)
    if any(matches_name(each.pattern, name) for each in common):
        assert any(matches_name(each, name) for each in left)
        assert any(matches_name(each, name) for each in right)


def test_what_is_not_covered_is_named() -> None:
    """The patterns that would start a job too often come back."""
    assert uncovered([push("main")], [push("main"), push("*")]) == (push("*"),)


def test_brackets_and_question_marks_are_letters() -> None:
    """Only the star is special in a pattern."""
    assert matches_name("a[b]?", "a[b]?")
    assert not matches_name("a?", "ab")
