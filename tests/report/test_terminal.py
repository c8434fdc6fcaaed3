"""The terminal: live where one is, plain lines everywhere else."""

from __future__ import annotations

import io
import threading
from pathlib import Path

import pytest

from pipeline_kit.contract.result import Case, Outcome
from pipeline_kit.report.live import live_progress
from pipeline_kit.report.terminal import interactive, open_progress, print_summary, summary_lines
from pipeline_kit.report.wording import plain
from tests.report.conftest import Run

REPORT = Path(".pipeline-kit/report/report.html")


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    return Terminal()


def test_plain_progress_is_a_line_an_event(run: Run) -> None:
    """A log file has one line for each thing that happened, led by the job's name."""
    stream = io.StringIO()
    with open_progress(run.plan, stream=stream) as progress:
        progress.started("train")
        progress.line("train", "\x1b[2K\x1b[32mepoch 1\x1b[0m\r")
        progress.tick()
        progress.ended("train", Outcome.PASSED, 12.3, "trained", False)
        progress.ended("gate", Outcome.PASSED, 0.2, "PASS", True)
        progress.ended("package", Outcome.SKIPPED, 0.0, "gate failed", False)
    assert stream.getvalue() == (
        "train    | started\n"
        "train    |   epoch 1\n"
        "train    | passed in 12 s: trained\n"
        "gate     | passed from cache: PASS\n"
        "package  | skipped: gate failed\n"
    )


def test_quiet_progress_says_nothing(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """With --json the result alone is printed."""
    with open_progress(run.plan, quiet=True) as progress:
        progress.started("train")
        progress.line("train", "x")
        progress.ended("train", Outcome.FAILED, 1.0, "no", False)
        progress.tick()
    assert capsys.readouterr() == ("", "")


def test_live_progress_shows_running_jobs_and_keeps_ended_ones(run: Run, terminal: Terminal) -> None:
    """Running jobs have their last line; a failed one leaves its last lines behind."""
    with open_progress(run.plan, stream=terminal) as progress:
        progress.started("train")
        progress.line("train", "epoch 1 of 9")
        progress.line("train", "   ")
        progress.tick()
        progress.started("test")
        progress.ended("train", Outcome.FAILED, 12.3, "loss became NaN", False)
        progress.ended("test", Outcome.PASSED, 1.0, "31 tests passed", False)
    text = plain(terminal.getvalue())
    assert "train      epoch 1 of 9\n" in text
    assert "failed in 12 s: loss became NaN" in text
    assert "passed in 1.0 s: 31 tests passed" in text
    assert "2 of 8 jobs ended" in text


def test_live_progress_starts_no_thread_and_leaves_the_streams_alone(terminal: Terminal) -> None:
    """The runner forks: a second thread or a replaced standard stream would break the jobs."""
    import sys

    before = (threading.active_count(), sys.stdout, sys.stderr)
    with live_progress(["train"], terminal) as progress:
        progress.started("train")
        progress.tick()
        assert (threading.active_count(), sys.stdout, sys.stderr) == before


def test_a_job_cannot_move_the_cursor() -> None:
    """What a job prints is text on its own line, whatever it tries."""
    assert plain("\x1b[2Ja\x1b]0;title\x07b\x1b]8;;http://x\x1b\\c\x07d\x9be\tf\x1bMg") == "abcde\tfg"


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True),
        ({"TERM": "dumb"}, False),
        ({}, False),
    ],
)
def test_a_terminal_that_wants_no_colours_gets_plain_lines(variables: dict[str, str], *, expected: bool) -> None:
    """NO_COLOR counts where it is not empty (no-color.org)."""
    assert interactive(Terminal(), variables) is expected
    assert not interactive(io.StringIO(), variables)


def test_the_summary_is_a_table_a_sentence_and_a_place(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """At the end: every job, the verdict in one sentence, where the report is."""
    print_summary(run.summary(), REPORT)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "job       outcome  time   reason"
    assert lines[2] == "check     passed   0.8 s  46 checks of 2 datasets held"
    assert lines[-3:] == [run.summary().sentence, "8 jobs passed.", f"report: {REPORT}"]


def test_the_summary_names_what_failed(run: Run) -> None:
    """Cause and first cases stand below the table, a line each; a long list is cut with a count."""
    cases = [Case(f"test_{number}", "a.py", failure="no\n  1 is not 2") for number in range(7)]
    broken = run.broken("test", "7 of 31 failed", cause="boom\x1b[2J").with_cases("test", *cases)
    lines = summary_lines(broken.summary(), REPORT)
    start = lines.index("test failed: 7 of 31 failed")
    assert lines[start + 1 : start + 8] == [
        "  cause: boom",
        *(f"  a.py: test_{number}: no" for number in range(5)),
        "  and 2 more",
    ]
    assert lines[-3] == "FAILED: test: 7 of 31 failed."


def test_a_coloured_summary_says_the_same(run: Run, terminal: Terminal) -> None:
    """Colours change no word, and what looks like mark-up is shown as it is."""
    broken = run.broken("train", "no [bold]weights[/bold] were made", cause="a cause")
    print_summary(broken.summary(), REPORT, terminal)
    text = plain(terminal.getvalue())
    assert "\x1b[" in terminal.getvalue()
    for part in ("train", "skipped", "no [bold]weights[/bold] were made", "a cause", f"report: {REPORT}"):
        assert part in text


def test_a_stream_without_the_characters_still_gets_the_line(run: Run) -> None:
    """An ASCII log shows a question mark, not a traceback."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    with open_progress(run.plan, stream=stream) as progress:
        progress.line("train", "Fréchet")
    assert raw.getvalue() == b"train    |   Fr?chet\n"
    stream.close()
