"""A stop for work that would never end, so that the test fails instead of hanging."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

CPU_SECONDS = 60
"""Far more than any test needs; a regular expression that backtracks without end needs hours."""


class NeverEndsError(AssertionError):
    """The work used up its CPU time."""


@contextmanager
def ends(cpu_seconds: float = CPU_SECONDS) -> Iterator[None]:
    """Raises NeverEndsError in the block once this process has used so much CPU time in it; waiting does not count."""

    def bark(number: int, frame: FrameType | None) -> None:
        raise NeverEndsError(f"still running after {cpu_seconds:g} s of CPU time")

    before = signal.signal(signal.SIGVTALRM, bark)
    signal.setitimer(signal.ITIMER_VIRTUAL, cpu_seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
