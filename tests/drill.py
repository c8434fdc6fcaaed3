"""How often the long tests repeat themselves: a small case in every run, the whole of it in `make drill`."""

from __future__ import annotations

import os
from collections.abc import Mapping

from benchmarks.machine import this_machine

DRILL = "PIPELINE_KIT_DRILL"
"""The environment variable that `make drill` sets to 1."""
SHARE = 10
"""An ordinary run does one of so many repetitions."""


def rounds(whole: int, *, least: int = 2) -> int:
    """The number of repetitions in this run: `whole` in a drill, else a tenth of it, and `least` at least."""
    return whole if os.environ.get(DRILL) else max(least, whole // SHARE)


def results_page(counts: Mapping[str, int]) -> str:
    """The page of a drill's figures, with the commit and the machine that they belong to."""
    machine = this_machine()
    lines = [
        "# Drill",
        "",
        "Written by `make drill`; nothing here is written by hand. Every test of the drill passed.",
        "",
        f"- Date: {machine.date}; commit {machine.commit}.",
        f"- Machine: {machine.cores} cores, {machine.processor}.",
        "",
        "| count | what |",
        "|---:|---|",
        *(f"| {number} | {name} |" for name, number in sorted(counts.items())),
    ]
    return "\n".join(lines) + "\n"
