"""The results of the benchmarks as rows of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.machine import Machine


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement: the kit's and the peer's numbers with units, and their ratio.

    `met` has the value None without a target or a measurement; `note` gives the reason for that or for a missed target.
    """

    what: str
    ours: str
    peer: str
    ratio: str
    target: str
    met: bool | None
    note: str = ""


def missing(what: str, target: str, peer: str) -> Row:
    """The row of a comparison with a peer that is not installed."""
    return Row(what, "not measured", "not installed", "-", target, None, f"{peer} is not installed: see `make bench`")


def at_most(what: str, figures: tuple[str, str, float], limit: float, note: str = "") -> Row:
    """The row of a target that limits the kit's time to a multiple of the peer's; `note` explains a miss."""
    ours, peer, ratio = figures
    met = ratio <= limit
    return Row(what, ours, peer, f"{ratio:.2f} times", f"at most {limit:g} times", met, "" if met else note)


def faster(what: str, figures: tuple[str, str, float], least: float, note: str = "") -> Row:
    """The row of a target that the kit is faster by a factor; `figures` has its ratio to the peer."""
    ours, peer, ratio = figures
    met = 1 / ratio >= least
    return Row(what, ours, peer, f"{1 / ratio:.1f} times faster", f"at least {least:g} times", met, "" if met else note)


def seconds(value: float) -> str:
    """A time with a fitting unit."""
    return f"{value * 1000:.1f} ms" if value < 1 else f"{value:.2f} s"


def as_markdown(rows: Sequence[Row], machine: Machine, peers: Sequence[tuple[str, str]], took: float) -> str:
    """The page: the method, the machine, and a row for each measurement."""
    lines = [
        "# Speed",
        "",
        "Written by `make bench`; nothing here is written by hand.",
        "",
        "Each comparison is made of pairs that run in turns, ours and the peer's beginning every other pair, after one",
        "of each that does not count. Times are medians of wall time; a ratio is the median of the pairs' ratios, so",
        "that what else the machine does meets both alike. The machine is shared: compare ratios, not times.",
        "",
        f"- Date: {machine.date}; commit {machine.commit}; it took {took:.0f} s.",
        f"- Machine: {machine.cores} cores, {machine.processor}; {machine.load} processes wanted to run when it began.",
        "- Versions: " + ", ".join(f"{name} {version}" for name, version in peers) + ".",
        "",
        "| what | ours | peer | ratio | target | met |",
        "|---|---|---|---|---|---|",
        *(f"| {row.what} | {row.ours} | {row.peer} | {row.ratio} | {row.target} | {word(row)} |" for row in rows),
    ]
    notes = [row for row in rows if row.note]
    if notes:
        lines += ["", "## Notes", "", *(f"- {row.what}: {row.note}." for row in notes)]
    return "\n".join(lines) + "\n"


def word(row: Row) -> str:
    """The table cell for whether the target is met."""
    return {True: "yes", False: "**no**", None: "-"}[row.met]
