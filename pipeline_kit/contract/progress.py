"""The port by which a run reports its progress."""

from __future__ import annotations

from typing import Protocol

from pipeline_kit.contract.result import Outcome


class Progress(Protocol):
    """Shows a run while it lasts."""

    def started(self, job: str) -> None:
        """A job started."""

    def line(self, job: str, text: str) -> None:
        """A job printed a line."""

    def ended(self, job: str, outcome: Outcome, seconds: float, reason: str, cached: bool) -> None:
        """A job ended, or will not start."""

    def tick(self) -> None:
        """Some time has passed."""
