"""What the benchmarks found, as the rows of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.machine import Machine


@dataclass(frozen=True, slots=True)
class Row:
    """One target: what was measured, ours and the peer's figure with their units, and how they compare.

    `met` is None where nothing was promised or nothing could be measured; `note` says why, or why a target is not met.
    """

    what: str
    ours: str
    peer: str
    ratio: str
    target: str
    met: bool | None
    note: str = ""


def missing(what: str, target: str, peer: str) -> Row:
    """The row of a comparison with a peer that is not there."""
    return Row(what, "not measured", "not installed", "-", target, None, f"{peer} is not installed: see `make bench`")


def at_most(what: str, figures: tuple[str, str, float], limit: float, note: str = "") -> Row:
    """The row of a target that ours may take so many times what the peer takes; `note` tells why it may miss it."""
    ours, peer, ratio = figures
    met = ratio <= limit
    return Row(what, ours, peer, f"{ratio:.2f} times", f"at most {limit:g} times", met, "" if met else note)


def faster(what: str, figures: tuple[str, str, float], least: float, note: str = "") -> Row:
    """The row of a target that ours is so many times faster than the peer; the ratio given is ours to the peer's."""
    ours, peer, ratio = figures
    met = 1 / ratio >= least
    return Row(what, ours, peer, f"{1 / ratio:.1f} times faster", f"at least {least:g} times", met, "" if met else note)


def seconds(value: float) -> str:
    """A time in the unit that suits it."""
    return f"{value * 1000:.1f} ms" if value < 1 else f"{value:.2f} s"


def as_markdown(rows: Sequence[Row], machine: Machine, peers: Sequence[tuple[str, str]], took: float) -> str:
    """The page: how it was measured, on what, and a row for each target."""
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
    """Whether the target is met, as the table says it."""
    return {True: "yes", False: "**no**", None: "-"}[row.met]
