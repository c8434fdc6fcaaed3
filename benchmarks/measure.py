"""Compares two timings in turns, so that other load on the machine affects both alike."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

Timed = Callable[[], float]
"""Runs something once and returns its seconds."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Seconds of the kit and of the peer; the n-th of both were measured one after the other."""

    ours: tuple[float, ...]
    peer: tuple[float, ...]

    @property
    def ours_seconds(self) -> float:
        """The kit's median."""
        return statistics.median(self.ours)

    @property
    def peer_seconds(self) -> float:
        """The peer's median."""
        return statistics.median(self.peer)

    @property
    def ratio(self) -> float:
        """The median of the pairs' ratios, the kit's time to the peer's."""
        return statistics.median(kit / peer for kit, peer in zip(self.ours, self.peer, strict=True))


def in_turns(ours: Timed, peer: Timed, count: int) -> Pairs:
    """Measures `count` pairs after one uncounted run of each; both begin every other pair."""
    ours()
    peer()
    kit_seconds: list[float] = []
    other_seconds: list[float] = []
    for number in range(count):
        turns = ((ours, kit_seconds), (peer, other_seconds))
        for timed, seconds in turns if number % 2 else reversed(turns):
            seconds.append(timed())
    return Pairs(tuple(kit_seconds), tuple(other_seconds))


def command(
    words: Sequence[str | Path],
    *,
    cwd: Path,
    variables: Mapping[str, str] | None = None,
    before: Callable[[], None] = lambda: None,
) -> Timed:
    """Times a command; `before` is called before each run and is not counted.

    Raises RuntimeError where the command fails: a failure must not count as fast.
    """

    def run() -> float:
        before()
        started = time.perf_counter()
        finished(words, cwd, variables or {})
        return time.perf_counter() - started

    return run


def reported(words: Sequence[str | Path], *, cwd: Path) -> Timed:
    """Runs a script that prints its own seconds."""
    return lambda: float(finished(words, cwd, {}))


def finished(words: Sequence[str | Path], cwd: Path, variables: Mapping[str, str]) -> str:
    """The output of a command. Raises RuntimeError with its last output where it fails."""
    environment = {**os.environ, **variables}
    done = subprocess.run([str(word) for word in words], cwd=cwd, env=environment, capture_output=True, check=False)
    if done.returncode:
        output = (done.stderr or done.stdout).decode(errors="replace")[-400:]
        raise RuntimeError(f"{Path(words[0]).name} ended with {done.returncode}: {output}")
    return done.stdout.decode(errors="replace")
