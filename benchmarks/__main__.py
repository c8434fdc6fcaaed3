"""`python -m benchmarks`: all of them, in some minutes, and the page that tells what they found."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks import cold_start, digests, executors, images, linting, planning, rendering, rerun
from benchmarks.machine import ROOT, this_machine
from benchmarks.results import Row, as_markdown, word
from benchmarks.scale import FULL, TINY, Scale
from benchmarks.tools import Tools

BENCHMARKS: Mapping[str, Callable[[Tools, Scale, Path], Iterator[Row]]] = {
    "cold_start": cold_start.measure,
    "rendering": rendering.measure,
    "rerun": rerun.measure,
    "executors": executors.measure,
    "digests": digests.measure,
    "planning": planning.measure,
    "linting": linting.measure,
    "images": images.measure,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Measures, shows each row as it is found, and writes the page."""
    arguments = parser().parse_args(argv)
    machine, started = this_machine(), time.perf_counter()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="pipeline-kit-benchmarks-") as name:
        tools = Tools(arguments.kit.absolute(), arguments.peers.absolute(), Path(name) / "cache")
        for row in measured(arguments.names or BENCHMARKS, tools, TINY if arguments.tiny else FULL, Path(name)):
            print(f"{row.what}: {row.ours}, peer {row.peer}, {row.ratio}, {row.target}: {word(row)}", flush=True)
            rows.append(row)
    page = as_markdown(rows, machine, tools.versions(), time.perf_counter() - started)
    arguments.output.write_text(page, encoding="utf-8")
    return 0


def measured(names: Iterable[str], tools: Tools, scale: Scale, folder: Path) -> Iterator[Row]:
    """The rows of these benchmarks, each in a folder of its own."""
    for name in names:
        (folder / name).mkdir()
        yield from BENCHMARKS[name](tools, scale, folder / name)


def parser() -> argparse.ArgumentParser:
    """The arguments: where things are installed, what to measure, where to write."""
    found = argparse.ArgumentParser(prog="python -m benchmarks", description="Measures the speed of pipeline-kit.")
    found.add_argument("names", nargs="*", metavar="NAME", help=f"only these of {', '.join(BENCHMARKS)}")
    found.add_argument(
        "--kit", type=Path, default=Path(sys.prefix), help="the environment in which the kit is installed"
    )
    found.add_argument("--peers", type=Path, default=ROOT / ".make" / "bench", help="where the peers are installed")
    found.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "RESULTS.md", help="the page to write")
    found.add_argument("--tiny", action="store_true", help="the smallest sizes: shows that the scripts work, no more")
    return found


if __name__ == "__main__":
    sys.exit(main())
