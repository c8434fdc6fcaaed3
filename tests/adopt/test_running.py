"""Adopted repositories run: the cheapest shapes, from `init --defaults` to the end of their pipelines, for real."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.adopt.shapes import on_disk
from tests.projects import kit

pytestmark = pytest.mark.slow

RUNS = {
    "uv": {"check", "build", "test", "train"},
    "flat_script": {"check", "test", "train"},
    "jenkinsfile": {"check", "unit_tests", "data_check", "train", "size_report"},
    "no_git": {"test"},
}
"""Shapes without requirements but pytest, all of them with one lock file, so that one environment serves them."""


@pytest.mark.parametrize("shape", RUNS)
def test_an_adopted_repository_passes_as_it_stands(shape: str, tmp_path: Path) -> None:
    """Nothing is edited between the two commands: every job that was proposed passes, trainings included."""
    root = on_disk(shape, tmp_path)
    adopted = kit(root, "init", "--defaults")
    assert adopted.returncode == 0, adopted.stdout + adopted.stderr
    done = kit(root, "run", "--json")
    records = json.loads(done.stdout)
    assert {name: record["outcome"] for name, record in records.items()} == dict.fromkeys(RUNS[shape], "passed")
    if "train" in records:
        assert list((root / ".pipeline-kit/out/train").rglob("*.json"))


def test_the_runs_are_counted(count: Callable[[str, int], None]) -> None:
    """The issue asks for three shapes with a lock; the number is printed."""
    count("shapes of repositories: run from `init` to the end", len(RUNS))
    assert len(RUNS) >= 3
