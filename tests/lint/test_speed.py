"""How long a big file takes; printed, not asserted, since machines differ."""

from __future__ import annotations

import runpy

import pytest

from tests.conftest import ROOT


def test_the_benchmark_runs_and_prints_its_medians(capsys: pytest.CaptureFixture[str]) -> None:
    """200 jobs a server; docs/lint.md says what to expect."""
    runpy.run_path(str(ROOT / "benchmarks" / "bench_lint.py"), run_name="__main__")
    told = capsys.readouterr().out
    assert told.count("median") == 2
    with capsys.disabled():
        print(f"\n{told}", end="")
