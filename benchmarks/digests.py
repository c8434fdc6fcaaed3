"""The speed of digests, beside sha256sum, and the gain from more cores."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.machine import ROOT, cores
from benchmarks.measure import Timed, command, in_turns, reported
from benchmarks.results import Row, at_most, missing, seconds
from benchmarks.scale import Scale
from benchmarks.tools import Tools, on_path

SCRIPT = ROOT / "benchmarks" / "digest_once.py"
PIECES = 8
SCALING = 0.75
"""The share of the cores that digests of several files must use."""


def measure(tools: Tools, scale: Scale, folder: Path) -> Iterator[Row]:
    """One large file on one core; then the same size in several files, on one core and on all."""
    (folder / "data").mkdir()
    large = random_file(folder / "data" / "large", scale.megabytes)
    what = f"digest of a file of {scale.megabytes} MB on one core, to sha256sum"
    one = reported([tools.python, SCRIPT, "0", large], cwd=folder)
    if on_path("sha256sum") is None:
        yield missing(what, "at most 1 times", "sha256sum")
    else:
        pairs = in_turns(one, command(["sha256sum", large], cwd=folder), scale.long_pairs)
        yield at_most(what, (seconds(pairs.ours_seconds), f"{seconds(pairs.peer_seconds)} (sha256sum)", pairs.ratio), 1)
    yield from scaling(tools, scale, folder)


def scaling(tools: Tools, scale: Scale, folder: Path) -> Iterator[Row]:
    """The gain from all cores for several files, beside separate processes, which threads cannot beat."""
    pieces = [
        random_file(folder / "data" / f"piece-{number}", max(1, scale.megabytes // PIECES)) for number in range(PIECES)
    ]
    numbers = [str(number) for number in range(cores())]
    every = reported([tools.python, SCRIPT, ",".join(numbers), *pieces], cwd=folder)
    single = reported([tools.python, SCRIPT, "0", *pieces], cwd=folder)
    shares: list[list[str | Path]] = [
        [tools.python, SCRIPT, number, *pieces[int(number) :: cores()]] for number in numbers
    ]
    pairs = in_turns(every, single, scale.pairs)
    figures = (seconds(pairs.ours_seconds), f"{seconds(pairs.peer_seconds)} (one core)", pairs.ratio)
    note = "the cores were busy: the next row shows what separate processes got of them"
    yield at_most(
        f"digests of {PIECES} files on {cores()} cores, to one core", figures, round(1 / (SCALING * cores()), 2), note
    )
    pairs = in_turns(every, slowest_of(shares, folder), scale.pairs)
    yield Row(
        f"for comparison: those digests by threads, to {cores()} processes at once",
        seconds(pairs.ours_seconds),
        f"{seconds(pairs.peer_seconds)} (processes)",
        f"{pairs.ratio:.2f} times",
        "-",
        None,
    )


def slowest_of(commands: Sequence[list[str | Path]], folder: Path) -> Timed:
    """The slowest of several scripts that run in parallel and print their seconds."""

    def run() -> float:
        with ThreadPoolExecutor(len(commands)) as pool:
            return max(pool.map(lambda words: reported(words, cwd=folder)(), commands))

    return run


def random_file(path: Path, megabytes: int) -> Path:
    """A file of random bytes; just written, so that it is read from memory."""
    with path.open("wb") as file:
        for _ in range(megabytes):
            file.write(os.urandom(1_000_000))
    return path
