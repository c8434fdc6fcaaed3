"""What a release does, step by step, in terms that every target understands, and how each step is undone. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


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
    """Starts so many instances of a revision, or changes those that run to so many. Repeating it is harmless."""

    side: Side
    replicas: int


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
    """Actions under the name that the record keeps, and the actions that undo them, whether all of them ran or not."""

    name: str
    actions: tuple[Action, ...]
    undo: tuple[Action, ...] = ()


def undo_actions(steps: Sequence[Step], begun: str) -> tuple[Action, ...]:
    """The undo of every step up to the one that was begun last, in reverse order; an action named twice runs once.

    A name that is not among the steps was written by another version of the strategy: then all steps are undone.
    """
    names = [step.name for step in steps]
    last = names.index(begun) if begun in names else len(steps) - 1
    return tuple(dict.fromkeys(action for step in reversed(steps[: last + 1]) for action in step.undo))
