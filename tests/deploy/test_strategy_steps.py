"""The steps of `rolling`, and the undo of those that were begun: values, without any target."""

from __future__ import annotations

import pytest

from pipeline_kit.deploy.steps import (
    Retire,
    SetShares,
    Side,
    Start,
    Step,
    Verify,
    WaitReady,
    problem_of,
    remaining,
    undo_actions,
)
from pipeline_kit.deploy.strategies.rolling import ROLLING
from pipeline_kit.deploy.strategy import Change

BACK = (Start(Side.LIVE, 3, in_place=True), Retire(Side.NEW), WaitReady(Side.LIVE, patient=True), Verify(Side.LIVE))


def test_an_upgrade() -> None:
    """New instances are started, awaited and verified before anything of the live revision is removed."""
    steps = ROLLING.steps(Change(replicas=2, live_replicas=3))
    assert [step.name for step in steps] == ["apply", "ready", "verify", "prune"]
    assert [action for step in steps for action in step.actions] == [
        Start(Side.NEW, 2, in_place=True),
        WaitReady(Side.NEW),
        Verify(Side.NEW),
        Retire(Side.LIVE),
        WaitReady(Side.NEW),
    ]


def test_the_undo_of_an_upgrade() -> None:
    """Whatever was begun last, the live revision is started again, and proved."""
    steps = ROLLING.steps(Change(replicas=2, live_replicas=3))
    assert [undo_actions(steps, step.name) for step in steps] == [BACK] * 4


def test_a_first_release() -> None:
    """Nothing is removed but what a failed one has begun."""
    steps = ROLLING.steps(Change(replicas=2))
    assert [undo_actions(steps, step.name) for step in steps] == [(Retire(Side.NEW),)] * 4
    assert Retire(Side.LIVE) not in [action for step in steps for action in step.actions]


def test_only_what_was_begun_is_undone_and_the_last_first() -> None:
    """An action that two steps name runs once; steps that a strategy no longer has count as all."""
    steps = (
        Step("some", (Start(Side.NEW, 1),), undo=(Retire(Side.NEW),)),
        Step("share", (SetShares(10),), undo=(SetShares(0),)),
        Step("more", (SetShares(50),), undo=(SetShares(0),)),
    )
    assert undo_actions(steps, "some") == (Retire(Side.NEW),)
    assert undo_actions(steps, "more") == (SetShares(0), Retire(Side.NEW))
    assert undo_actions(steps, "of an older version") == (SetShares(0), Retire(Side.NEW))


def test_where_a_release_is_continued() -> None:
    """With the step that was begun last, or the nearest before it that may be repeated; `rolling` begins anew."""
    steps = (Step("one", ()), Step("two", ()), Step("three", (), resumable=False))
    begun = {name: [step.name for step in remaining(steps, name)] for name in ("prepared", "one", "two", "three")}
    assert begun["prepared"] == begun["one"] == ["one", "two", "three"]
    assert begun["two"] == begun["three"] == ["two", "three"]
    rolling = ROLLING.steps(Change(replicas=2, live_replicas=3))
    assert remaining(rolling, "prune") == rolling


@pytest.mark.parametrize("names", [(), ("live",), ("prepared",), ("one", "one"), ("",), ("one\n",), ("x" * 101,)])
def test_steps_that_no_record_can_keep(names: tuple[str, ...]) -> None:
    """They are refused before anything is changed: a record with them could not be read again."""
    assert problem_of([Step(name, ()) for name in names]) is not None
    assert problem_of([Step("share 10%", ())]) is None
