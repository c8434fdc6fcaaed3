"""A run on the terminal: progress while it runs, and the summary at its end.

Without a terminal, where NO_COLOR is set (no-color.org) or the terminal is dumb, plain lines are written.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from pipeline_kit.contract.progress import Progress
from pipeline_kit.contract.result import Outcome
from pipeline_kit.report.summary import Plan, RunSummary
from pipeline_kit.report.wording import cells, closing, ending, failure_lines, table_lines
from pipeline_kit.terminal import plain


@contextmanager
def open_progress(plan: Plan, *, quiet: bool = False, stream: TextIO | None = None) -> Iterator[Progress]:
    """Shows a run's progress on a stream (the standard error stream, where none is named) while the block runs."""
    stream = stream or sys.stderr
    names = [job.name for level in plan.levels() for job in level]
    if quiet:
        yield Silent()
    elif interactive(stream, os.environ):
        from pipeline_kit.report.live import live_progress

        with live_progress(names, stream) as progress:
            yield progress
    else:
        yield Lines(stream, max(map(len, names), default=0))


def interactive(stream: TextIO, variables: Mapping[str, str]) -> bool:
    """Whether a stream is a terminal that wants colours and can move its cursor."""
    return stream.isatty() and not variables.get("NO_COLOR") and variables.get("TERM", "") not in ("", "dumb")


def write_line(stream: TextIO, text: str) -> None:
    """Writes a line; what the stream's encoding has not is a question mark."""
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "replace").decode(encoding) + "\n")
    stream.flush()


class Silent:
    """Shows nothing: a machine reads the result."""

    def started(self, job: str) -> None:
        """Nothing."""

    def line(self, job: str, text: str) -> None:
        """Nothing."""

    def ended(self, job: str, outcome: Outcome, seconds: float, reason: str, cached: bool) -> None:
        """Nothing."""

    def tick(self) -> None:
        """Nothing."""


class Lines:
    """Progress as lines, each led by its job's name."""

    def __init__(self, stream: TextIO, width: int) -> None:
        self.stream = stream
        self.width = width

    def started(self, job: str) -> None:
        """Writes that a job started."""
        self._write(job, "started")

    def line(self, job: str, text: str) -> None:
        """Writes what a job printed."""
        self._write(job, f"  {plain(text)}")

    def ended(self, job: str, outcome: Outcome, seconds: float, reason: str, cached: bool) -> None:
        """Writes how a job ended."""
        self._write(job, ending(outcome, seconds, reason, cached=cached))

    def tick(self) -> None:
        """Nothing: lines stay where they are."""

    def _write(self, job: str, text: str) -> None:
        write_line(self.stream, f"{job:<{self.width}} | {text}".rstrip())


def print_summary(summary: RunSummary, html: Path, stream: TextIO | None = None) -> None:
    """Prints the jobs as a table, what failed, the jobs' tables, the verdict, and where the report is."""
    stream = stream or sys.stdout
    if interactive(stream, os.environ):
        from pipeline_kit.report.live import print_coloured

        print_coloured(summary, html, stream)
        return
    for line in summary_lines(summary, html):
        write_line(stream, line)


def summary_lines(summary: RunSummary, html: Path) -> list[str]:
    """The summary as plain lines."""
    rows = [("job", "outcome", "time", "reason"), *(cells(job) for job in summary.jobs)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = [
        "",
        *(
            "  ".join([*(cell.ljust(width) for cell, width in zip(row[:3], widths, strict=True)), row[3]])
            for row in rows
        ),
    ]
    for job in summary.failed():
        lines += ["", *failure_lines(job)]
    for table in summary.tables:
        lines += ["", *table_lines(table)]
    return [*(line.rstrip() for line in lines), "", plain(summary.sentence), *closing(summary, html)]
