"""The time to plan a large descriptor."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from pathlib import Path

from benchmarks.machine import ROOT
from benchmarks.measure import reported
from benchmarks.projects import HEAD
from benchmarks.results import Row, seconds
from benchmarks.scale import Scale
from benchmarks.tools import Tools

SCRIPT = ROOT / "benchmarks" / "plan_once.py"
LIMIT_SECONDS = 0.05


def measure(tools: Tools, scale: Scale, folder: Path) -> Iterator[Row]:
    """The median of new processes that plan once each, without warm caches."""
    root = folder / "planning"
    root.mkdir()
    (root / "pipeline-kit.yml").write_text(HEAD.replace("NAME", "large") + jobs(scale.planned_jobs))
    plan = reported([tools.python, SCRIPT, root], cwd=folder)
    took = statistics.median(plan() for _ in range(scale.pairs))
    target = f"under {LIMIT_SECONDS * 1000:.0f} ms"
    met = took < LIMIT_SECONDS
    note = "" if met else "this is wall time on a machine with other load"
    yield Row(f"a plan of {scale.planned_jobs} jobs, after start", seconds(took), "-", "-", target, met, note)


def jobs(count: int) -> str:
    """A graph in which most jobs need two others."""
    lines = []
    for number in range(count):
        needs = ", ".join(f"job_{other}" for other in (number - 7, number - 11) if other >= 0)
        settings = f"needs: [{needs}], parameters: {{rate: 0.{number + 1}}}"
        lines.append(f'  job_{number}: {{stage: command, run: [echo, "{number}"], {settings}}}\n')
    return "".join(lines)
