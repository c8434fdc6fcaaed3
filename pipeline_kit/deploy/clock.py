"""The time as a release needs it: a clock that never goes back, waiting, and the date for people."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What a release asks of time, so that tests need not wait for it."""

    def seconds(self) -> float:
        """Seconds since some moment; they never go back."""

    def wait(self, seconds: float) -> None:
        """Lets so much time pass before a condition is looked at again."""

    def date(self) -> str:
        """Now, in UTC, with microseconds, as the cluster's own MicroTime has it; for people, never compared."""


class ThisClock:
    """This machine's clock."""

    def seconds(self) -> float:
        """The monotonic clock."""
        return time.monotonic()

    def wait(self, seconds: float) -> None:
        """Sleeps; a signal's handler runs in between."""
        time.sleep(seconds)

    def date(self) -> str:
        """RFC 3339."""
        return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
