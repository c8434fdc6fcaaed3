"""Times of two things compared: run in turns, so that what else the machine does meets both alike."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

Timed = Callable[[], float]
"""Does something once and returns the seconds that it took."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Seconds of ours and of the peer's, the n-th of each measured one after the other."""

    ours: tuple[float, ...]
    peer: tuple[float, ...]

    @property
    def ours_seconds(self) -> float:
        """The median of ours."""
        return statistics.median(self.ours)

    @property
    def peer_seconds(self) -> float:
        """The median of the peer's."""
        return statistics.median(self.peer)

    @property
    def ratio(self) -> float:
        """The median of what ours took as a multiple of the peer, pair by pair."""
        return statistics.median(own / other for own, other in zip(self.ours, self.peer, strict=True))


def in_turns(ours: Timed, peer: Timed, count: int) -> Pairs:
    """As many pairs, after one of each that does not count; each begins every other pair."""
    ours()
    peer()
    own: list[float] = []
    others: list[float] = []
    for number in range(count):
        turns = ((ours, own), (peer, others))
        for timed, seconds in turns if number % 2 else reversed(turns):
            seconds.append(timed())
    return Pairs(tuple(own), tuple(others))


def command(
    words: Sequence[str | Path],
    *,
    cwd: Path,
    variables: Mapping[str, str] | None = None,
    before: Callable[[], None] = lambda: None,
) -> Timed:
    """A command as something to time; `before` is done each time and does not count.

    Raises RuntimeError where the command fails: a broken peer is no fast one.
    """

    def run() -> float:
        before()
        started = time.perf_counter()
        finished(words, cwd, variables or {})
        return time.perf_counter() - started

    return run


def reported(words: Sequence[str | Path], *, cwd: Path) -> Timed:
    """A script that prints the seconds which count."""
    return lambda: float(finished(words, cwd, {}))


def finished(words: Sequence[str | Path], cwd: Path, variables: Mapping[str, str]) -> str:
    """What a command printed. Raises RuntimeError with its last words where it failed."""
    environment = {**os.environ, **variables}
    done = subprocess.run([str(each) for each in words], cwd=cwd, env=environment, capture_output=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).decode(errors="replace")[-400:]
        raise RuntimeError(f"{Path(words[0]).name} ended with {done.returncode}: {said}")
    return done.stdout.decode(errors="replace")
