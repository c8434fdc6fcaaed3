"""Stops a job or a run from outside: by a person's or a server's signal, or by the kit's own time limit."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FrameType

from pipeline_kit.errors import TimeLimitError

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """A signal ended the job; a BaseException, so that no stage swallows it."""

    def __init__(self, number: int) -> None:
        super().__init__(f"interrupted by {signal.Signals(number).name}")
        self.number = number


def stopped_by(error: BaseException) -> BaseException | None:
    """The signal or the time limit in an error's chain of causes, or None.

    Python before 3.12 wraps an exception that is raised while a class is made, as during an import, in a RuntimeError.
    """
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, Interrupted | KeyboardInterrupt | TimeLimitError):
        cause = cause.__cause__
    return cause


@dataclass(slots=True, repr=False)  # `signal.signal` computes the text of each handler, and drops it
class Stop:
    """Whether a signal has come, and what the next one does.

    The first one sets `number`, and raises Interrupted where `raising` is set. Later ones never raise, so as not to
    disturb the clean-up, but call `hurry`: on a second Ctrl-C the jobs end at once.
    """

    hurry: Callable[[], None]
    raising: bool
    number: int | None = None

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        """Handles a signal."""
        if self.number is not None:
            self.hurry()
            return
        self.number = number
        if self.raising:
            raise Interrupted(number)

    def on_alarm(self, number: int, frame: FrameType | None) -> None:
        """Raises TimeLimitError, unless the job is ending already."""
        if self.number is None and self.raising:
            raise TimeLimitError("the job exceeded its time limit", hint="raise its `timeout`, or reduce its work")

    def check(self) -> None:
        """Raises Interrupted where a signal has arrived."""
        if self.number is not None:
            raise Interrupted(self.number)


@contextlib.contextmanager
def stoppable(stop: Stop) -> Iterator[None]:
    """Handles SIGINT, SIGTERM and SIGHUP while the block runs; works in the main thread only."""
    handlers = {number: signal.signal(number, stop.on_signal) for number in STOPPING}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def limited(stop: Stop, seconds: float) -> Iterator[None]:
    """Ends the block with TimeLimitError after so many seconds, and with Interrupted on a signal.

    A CI server's own limit is rendered five minutes later, to leave time for the report.
    """
    handler = signal.signal(signal.SIGALRM, stop.on_alarm)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    stop.raising = True
    try:
        yield
    finally:
        stop.raising = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)


@contextlib.contextmanager
def signals_blocked() -> Iterator[None]:
    """Blocks the stopping signals while the block runs."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
