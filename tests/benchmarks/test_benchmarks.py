"""The benchmarks run, compare fairly, and say what they found; nothing here is timed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.machine import Machine
from benchmarks.measure import Pairs, command, in_turns
from benchmarks.results import Row, as_markdown, at_most, faster, missing

MACHINE = Machine("2026-11-22 06:00 UTC", "abc1234", 2, "a processor", "0.5")


def noted(log: list[str], word: str, seconds: float = 1.0) -> Callable[[], float]:
    """Something to time that leaves its name and takes, as it says, so long."""

    def run() -> float:
        log.append(word)
        return seconds

    return run


def test_pairs_run_in_turns_after_one_of_each_that_does_not_count() -> None:
    """Each begins every other pair, so that neither always meets a machine that is warm."""
    log: list[str] = []
    pairs = in_turns(noted(log, "ours", 2.0), noted(log, "peer", 4.0), 3)
    assert log[:2] == ["ours", "peer"]
    assert [log[number : number + 2] for number in (2, 4, 6)] == [["peer", "ours"], ["ours", "peer"], ["peer", "ours"]]
    assert (pairs.ours, pairs.peer, pairs.ratio) == ((2.0,) * 3, (4.0,) * 3, 0.5)


def test_one_disturbed_pair_changes_no_ratio() -> None:
    """Medians: what else the machine does once is not what a tool costs."""
    pairs = Pairs((1.0, 90.0, 1.2), (2.0, 2.0, 2.4))
    assert (pairs.ratio, pairs.ours_seconds, pairs.peer_seconds) == (0.5, 1.2, 2.0)


def test_a_peer_that_fails_is_not_fast(tmp_path: Path) -> None:
    """A command that ends with an error is no measurement."""
    broken = command([sys.executable, "-c", "raise SystemExit('no such option')"], cwd=tmp_path)
    with pytest.raises(RuntimeError, match="no such option"):
        broken()


def test_a_row_says_whether_its_target_is_met_and_why_not() -> None:
    """Both directions of a ratio, the limit itself included; a note stands only where a target is missed."""
    assert at_most("start", ("3 s", "1 s", 3.0), 3, "slow").met is True
    assert at_most("start", ("3 s", "1 s", 3.0), 3, "slow").note == ""
    assert at_most("start", ("4 s", "1 s", 4.0), 3, "slow").note == "slow"
    assert faster("render", ("1 s", "50 s", 0.02), 50).met is True
    assert faster("render", ("1 s", "49 s", 1 / 49), 50).met is False


def test_a_peer_that_is_not_installed_is_reported_and_not_invented() -> None:
    """Its row has no figures, is neither met nor missed, and a note says why."""
    row = missing("an unchanged run", "at least 5 times faster", "dvc")
    page = as_markdown([row], MACHINE, [("dvc", "not installed")], 1.0)
    assert row.met is None
    assert "| an unchanged run | not measured | not installed | - | at least 5 times faster | - |" in page
    assert "- an unchanged run: dvc is not installed: see `make bench`." in page


def test_the_page_says_when_where_and_what_with() -> None:
    """Date, commit, cores, processor and versions stand above the table; a missed target is in bold."""
    page = as_markdown(
        [Row("start", "4 s", "1 s", "4.00 times", "at most 3 times", False, "why")], MACHINE, [("dvc", "3")], 9.0
    )
    for words in (
        "2026-11-22 06:00 UTC; commit abc1234; it took 9 s",
        "2 cores, a processor",
        "Versions: dvc 3.",
        "**no**",
    ):
        assert words in page
    assert page.endswith("- start: why.\n")


def test_every_benchmark_runs_on_a_tiny_size(tmp_path: Path) -> None:
    """Each script works with the kit alone and fills its rows; no path of this machine reaches the page."""
    page = tmp_path / "RESULTS.md"
    assert main(["--tiny", "--peers", str(tmp_path / "none"), "--output", str(page)]) == 0
    text = page.read_text()
    for words in (
        "`--version`",
        "`job` on a no-op",
        "`copier copy`",
        "`dvc repro`",
        "gitlab-ci-local",
        "bitrab",
        "sha256sum",
        "PyYAML",
        "Pygments",
    ):
        assert words in text
    assert "a plan of 5 jobs, after start" in text
    assert "bytes sent for a line of code, cold" in text or "docker-registry is not installed" in text
    assert str(tmp_path) not in text
    assert sys.prefix not in text
