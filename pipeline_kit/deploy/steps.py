"""What a release does, step by step, in terms that every target understands, and how each step is undone. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

RESERVED = ("prepared", "live")
"""Names that a record has for what comes before all steps, and after them."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._% -]{0,99}", re.ASCII)


class Side(Enum):
    """Which revision an action is about: the one that is being released, or the one that is live before it."""

    NEW = "new"
    LIVE = "live"

    @property
    def other(self) -> Side:
        """The other revision."""
        return Side.LIVE if self is Side.NEW else Side.NEW


@dataclass(frozen=True, slots=True)
class Start:
    """Starts so many instances of a revision, or brings those that run to so many. Repeating it is harmless.

    With `in_place` they replace those of the other revision one by one, and get the requests as they become ready.
    Otherwise they run beside those, and get no requests before `SetShares`.
    """

    side: Side
    replicas: int
    in_place: bool = False


@dataclass(frozen=True, slots=True)
class WaitReady:
    """Waits until all instances of a revision are ready. A fault ends the wait at once, unless it is `patient`.

    After a failure the wait is patient: instances of the failed revision are still ending.
    """

    side: Side
    patient: bool = False


@dataclass(frozen=True, slots=True)
class SetShares:
    """Sends so many percent of the requests to the new revision, and the others to the live one."""

    new_percent: int


@dataclass(frozen=True, slots=True)
class Verify:
    """Asks every instance of a revision which model it serves, and how it predicts the golden rows."""

    side: Side


@dataclass(frozen=True, slots=True)
class Retire:
    """Removes what belongs to a revision and not to the other one. Repeating it is harmless."""

    side: Side


Action = Start | WaitReady | SetShares | Verify | Retire


@dataclass(frozen=True, slots=True)
class Step:
    """Actions under the name that the record keeps, and the actions that undo them, whether all of them ran or not.

    A deployer that continues the release of another repeats the step that was begun last. Where that is not
    `resumable`, it begins with the nearest one before that is.
    """

    name: str
    actions: tuple[Action, ...]
    undo: tuple[Action, ...] = ()
    resumable: bool = True


def remaining(steps: Sequence[Step], begun: str) -> tuple[Step, ...]:
    """The steps from the one with which a release continues; all of them where nothing was begun."""
    names = [step.name for step in steps]
    first = names.index(begun) if begun in names else 0
    while first and not steps[first].resumable:
        first -= 1
    return tuple(steps[first:])


def undo_actions(steps: Sequence[Step], begun: str) -> tuple[Action, ...]:
    """The undo of every step up to the one that was begun last, in reverse order; an action named twice runs once.

    A name that is not among the steps was written by another version of the strategy: then all steps are undone.
    """
    names = [step.name for step in steps]
    last = names.index(begun) if begun in names else len(steps) - 1
    return tuple(dict.fromkeys(action for step in reversed(steps[: last + 1]) for action in step.undo))


def is_name(text: object) -> bool:
    """Whether a record may keep this as the name of a step or of a strategy."""
    return isinstance(text, str) and _NAME.fullmatch(text) is not None


def problem_of(steps: Sequence[Step]) -> str | None:
    """Why these steps cannot be recorded, or None where they can."""
    names = [step.name for step in steps]
    wrong = [name for name in names if not is_name(name) or name in RESERVED or names.count(name) > 1]
    if wrong:
        return f"it has a step {wrong[0]!r}: names are plain ASCII, differ, and are neither of {', '.join(RESERVED)}"
    return None if steps else "it has no steps"
