"""A run on a terminal with colours: imported only there, since rich takes its time."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from pipeline_kit.contract.result import Outcome
from pipeline_kit.report.quantities import duration
from pipeline_kit.report.summary import RunSummary
from pipeline_kit.report.wording import STYLES, cells, closing, ending, failure_lines, table_lines
from pipeline_kit.terminal import plain

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.live import Live

TAIL_LINES = 15
REFRESH_SECONDS = 0.1


class LiveJobs:
    """The running jobs with the last line of each, below the lines of those that have ended.

    It starts no thread: the runner forks, and a fork must find one thread only. `tick` draws.
    """

    def __init__(self, names: Sequence[str], console: Console, live: Live) -> None:
        self.width = max(map(len, names), default=0)
        self.total = len(names)
        self.console = console
        self.live = live
        self.begun: dict[str, float] = {}
        self.tails: dict[str, deque[str]] = {}
        self.done = 0
        self.drawn = 0.0

    def started(self, job: str) -> None:
        """Adds a job to the running ones."""
        self.begun[job] = time.monotonic()
        self.tails[job] = deque(maxlen=TAIL_LINES)
        self._draw()

    def line(self, job: str, text: str) -> None:
        """Shows a job's last line."""
        if text := plain(text).strip():
            self.tails.setdefault(job, deque(maxlen=TAIL_LINES)).append(text)

    def ended(self, job: str, outcome: Outcome, seconds: float, reason: str, cached: bool) -> None:
        """Writes how a job ended, and the last lines of one that failed."""
        from rich.text import Text

        self.begun.pop(job, None)
        tail = self.tails.pop(job, deque())
        self.done += 1
        if outcome is Outcome.FAILED:
            for line in tail:
                self.console.print(Text(f"{job:<{self.width}}   {line}", style="dim"))
        words = ending(outcome, seconds, reason, cached=cached)
        self.console.print(Text.assemble((f"{job:<{self.width}}   ", "bold"), (words, STYLES[outcome])))
        self._draw()

    def tick(self) -> None:
        """Draws what has changed, ten times a second at most."""
        if time.monotonic() - self.drawn >= REFRESH_SECONDS:
            self._draw()

    def _draw(self) -> None:
        self.drawn = time.monotonic()
        self.live.update(self.picture(self.drawn), refresh=True)

    def picture(self, now: float) -> RenderableType:
        """The running jobs, one a line, and how many have ended."""
        from rich.console import Group
        from rich.text import Text

        lines = []
        for job, begun in self.begun.items():
            last = next(reversed(self.tails.get(job, deque())), "")
            head = f"{job:<{self.width}}   {duration(now - begun):>8}   "
            lines.append(Text.assemble((head, "bold cyan"), (last, "dim"), no_wrap=True, overflow="ellipsis"))
        lines.append(Text(f"{self.done} of {self.total} jobs ended", style="dim"))
        return Group(*lines)


@contextmanager
def live_progress(names: Sequence[str], stream: TextIO) -> Iterator[LiveJobs]:
    """The live display; the standard streams stay as they are, since the jobs' processes inherit them."""
    from rich.console import Console
    from rich.live import Live

    console = Console(file=stream, highlight=False)
    live = Live(console=console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False)
    with live:
        yield LiveJobs(names, console, live)


def print_coloured(summary: RunSummary, html: Path, stream: TextIO) -> None:
    """Prints the summary with a table and colours."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=stream, highlight=False)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("job", "outcome", "time"):
        table.add_column(name, no_wrap=True, justify="right" if name == "time" else "left")
    table.add_column("reason", overflow="fold")
    for job in summary.jobs:
        name, outcome, seconds, reason = cells(job)
        table.add_row(Text(name, style="bold"), Text(outcome, style=STYLES[job.outcome]), Text(seconds), Text(reason))
    console.print()
    console.print(table)
    for failed in summary.failed():
        console.print()
        first, *rest = failure_lines(failed)
        console.print(Text(first, style=STYLES[failed.outcome]))
        for line in rest:
            console.print(Text(line, style="dim"))
    for shown in summary.tables:
        console.print()
        for line in table_lines(shown):
            console.print(Text(line), soft_wrap=True)
    console.print()
    console.print(Text(plain(summary.sentence), style=STYLES[summary.outcome]))
    for line in closing(summary, html):
        console.print(Text(line), soft_wrap=True)
