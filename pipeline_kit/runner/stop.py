"""What stops a job or a run from outside: a person's or a server's signal, and the kit's own time limit."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FrameType

from pipeline_kit.errors import TimeLimitError

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """A signal asked the job to end; no stage can swallow it as an ordinary exception."""

    def __init__(self, number: int) -> None:
        super().__init__(f"interrupted by {signal.Signals(number).name}")
        self.number = number


def stopped_by(error: BaseException) -> BaseException | None:
    """The signal or the time limit that an error was made from, or None.

    Python before 3.12 makes a RuntimeError of whatever is raised while a class is made, as in the middle of an import.
    """
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, Interrupted | KeyboardInterrupt | TimeLimitError):
        cause = cause.__cause__
    return cause


@dataclass(slots=True, repr=False)  # `signal.signal` asks for the text of each handler, and throws it away
class Stop:
    """Whether a signal has come, and what the next one does.

    The first one raises Interrupted where `raising` is set, and is noted in `number` in any case. What follows it never
    raises, so that nothing breaks into the cleaning up, but calls `hurry`: a second Ctrl-C wants it done at once.
    """

    hurry: Callable[[], None]
    raising: bool
    number: int | None = None

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        """Takes a signal."""
        if self.number is not None:
            self.hurry()
            return
        self.number = number
        if self.raising:
            raise Interrupted(number)

    def on_alarm(self, number: int, frame: FrameType | None) -> None:
        """Raises TimeLimitError, unless the job is ending already."""
        if self.number is None and self.raising:
            raise TimeLimitError("the job ran into its time limit", hint="raise its timeout, or make it do less")

    def check(self) -> None:
        """Raises Interrupted where a signal has come."""
        if self.number is not None:
            raise Interrupted(self.number)


@contextlib.contextmanager
def stoppable(stop: Stop) -> Iterator[None]:
    """Takes SIGINT, SIGTERM and SIGHUP while the block runs, and puts the old handlers back.

    Only the main thread of a process can use it: that is where jobs and runs are.
    """
    handlers = {number: signal.signal(number, stop.on_signal) for number in STOPPING}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def limited(stop: Stop, seconds: float) -> Iterator[None]:
    """Ends the block by TimeLimitError after so many seconds, and by Interrupted at a signal that `stop` takes.

    A server's own limit is rendered five minutes later, so that a report is still written.
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
def held_back() -> Iterator[None]:
    """Keeps the stopping signals waiting while the block runs."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
