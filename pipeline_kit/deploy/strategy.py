"""How a release replaces the one before it: the port that each file of `strategies/` implements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from pipeline_kit.deploy.steps import Step
from pipeline_kit.frozen import frozen


@frozen
class Replacement:
    """How a target replaces instances in place: how many may be added meanwhile, and how many may be missing."""

    surge: int
    unavailable: int


@frozen
class Change:
    """What a strategy decides by: how many instances are to serve, and how many do now; None where nothing is live."""

    replicas: int
    live_replicas: int | None = None


class Strategy(Protocol):
    """One way to replace a release. Pure: the same change gives the same steps, in this process and in the next."""

    @property
    def replacement(self) -> Replacement:
        """What the target's own manifests must allow."""

    def steps(self, change: Change) -> tuple[Step, ...]:
        """The steps in their order, each with its undo; the revision is live when the last one has ended."""


Strategies = Callable[[str | None], Strategy]
"""The strategy of a name. None is what records say that were written before strategies had names."""
