"""`python -m benchmarks`: runs all benchmarks, which takes minutes, and writes the page of results."""

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
    """Measures, prints each row, and writes the page."""
    arguments = argument_parser().parse_args(argv)
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
    """The rows of these benchmarks; each gets its own folder."""
    for name in names:
        (folder / name).mkdir()
        yield from BENCHMARKS[name](tools, scale, folder / name)


def argument_parser() -> argparse.ArgumentParser:
    """The parser of the arguments."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measures the speed of pipeline-kit.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these of {', '.join(BENCHMARKS)}")
    parser.add_argument(
        "--kit", type=Path, default=Path(sys.prefix), help="the environment in which the kit is installed"
    )
    parser.add_argument("--peers", type=Path, default=ROOT / ".make" / "bench", help="where the peers are installed")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "RESULTS.md", help="the page to write")
    parser.add_argument("--tiny", action="store_true", help="the smallest sizes: shows that the scripts work, no more")
    return parser


if __name__ == "__main__":
    sys.exit(main())
