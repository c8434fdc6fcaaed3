"""A run as text on a terminal, with or without colour."""

from __future__ import annotations

from pathlib import Path

from pipeline_kit.contract.result import Outcome
from pipeline_kit.report.quantities import duration
from pipeline_kit.report.summary import JobRow, RunSummary, counted
from pipeline_kit.report.tables import Table
from pipeline_kit.terminal import plain

CASES_SHOWN = 5
ROWS_SHOWN = 10
CELL_CHARACTERS = 60
STYLES = {
    Outcome.PASSED: "green",
    Outcome.FAILED: "bold red",
    Outcome.UNDECIDED: "bold yellow",
    Outcome.SKIPPED: "dim",
    Outcome.WAITING: "cyan",
}


def ending(outcome: Outcome, seconds: float, reason: str, *, cached: bool) -> str:
    """How a job ended, as text: "passed in 1.2 s: 12 checks held"."""
    if outcome in (Outcome.SKIPPED, Outcome.WAITING):
        return f"{outcome.value}: {plain(reason)}"
    return f"{outcome.value} {'from cache' if cached else 'in ' + duration(seconds)}: {plain(reason)}"


def cells(job: JobRow) -> tuple[str, str, str, str]:
    """A job's row: name, outcome, time, reason."""
    return job.name, job.outcome.value, job.time, plain(" ".join(job.reason.split()))


def failure_lines(job: JobRow) -> list[str]:
    """What is known of a failed job: its cause, and the first cases that failed."""
    lines = [f"{job.name} {job.outcome.value}: {plain(job.reason)}"]
    if job.cause and job.cause not in job.reason:
        lines.append(f"  cause: {plain(job.cause)}")
    for case in job.failed_cases[:CASES_SHOWN]:
        if case.failure != job.reason:
            first, _, _ = (case.failure or "").partition("\n")
            lines.append(f"  {plain(case.group)}: {plain(case.name)}: {plain(first)}")
    if len(job.failed_cases) > CASES_SHOWN:
        lines.append(f"  and {len(job.failed_cases) - CASES_SHOWN} more")
    return lines


def table_lines(table: Table) -> list[str]:
    """A job's table for a terminal: its heading, its first rows in columns, and how many are left out."""
    rows, left_out = table.first(ROWS_SHOWN)
    cells = [[shortened(cell) for cell in row] for row in (table.columns, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(table.columns))]
    lines = [plain(table.heading)]
    lines += [
        ("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))).rstrip() for row in cells
    ]
    return [*lines, f"  and {left_out} more"] if left_out else lines


def shortened(text: str) -> str:
    """A cell on one line of a terminal, cut where it is long."""
    line = plain(" ".join(text.split()))
    return line if len(line) <= CELL_CHARACTERS else line[: CELL_CHARACTERS - 1] + "…"


def closing(summary: RunSummary, html: Path) -> list[str]:
    """The last lines: the count where the sentence was another, and where the report is."""
    count = counted(summary.jobs)
    return [*([] if count == summary.sentence else [count]), f"report: {html}"]
