"""A run in which nothing changed: jobs end without processes, and nothing is told that is not so."""

from __future__ import annotations

import json
from pathlib import Path

from pipeline_kit.runner.job import LITTLE_BYTES
from tests.projects import kit, write_project

CHAIN = """
  first: {stage: probe, inputs: [first.txt]}
  second: {stage: probe, needs: [first], inputs: [second.txt]}
"""


def chain(folder: Path, first: bytes = b"1") -> Path:
    """Two jobs, each of which reads a file of its own."""
    folder.mkdir()
    (folder / "first.txt").write_bytes(first)
    (folder / "second.txt").write_text("2")
    return write_project(folder, CHAIN)


def run(project: Path) -> dict[str, bool]:
    """Runs the project; which jobs came from the cache."""
    done = kit(project, "run", "--json")
    assert done.returncode == 0, done.stderr
    return {name: record["cached"] for name, record in json.loads(done.stdout).items()}


def test_only_what_changed_runs_again(tmp_path: Path) -> None:
    """The first time all of it runs, then none, then what a change reaches and nothing else."""
    project = chain(tmp_path / "demo")
    assert run(project) == {"first": False, "second": False}
    assert run(project) == {"first": True, "second": True}
    (project / "second.txt").write_text("other")
    assert run(project) == {"first": True, "second": False}


def test_what_somebody_damaged_is_put_back(tmp_path: Path) -> None:
    """An output, the log, the record: all of it from the cache, by digest."""
    project = chain(tmp_path / "demo")
    run(project)
    out = project / ".pipeline-kit" / "out" / "first"
    whole = (out / "note.txt").read_bytes()
    (out / "note.txt").write_text("changed")
    (out / "result.json").unlink()
    assert run(project) == {"first": True, "second": True}
    assert (out / "note.txt").read_bytes() == whole
    assert json.loads((out / "result.json").read_text())["cached"] is True


def test_a_job_that_reads_much_is_looked_for_in_its_own_process(tmp_path: Path) -> None:
    """It comes from the cache all the same."""
    project = chain(tmp_path / "demo", first=bytes(LITTLE_BYTES + 1))
    assert run(project) == {"first": False, "second": False}
    assert run(project) == {"first": True, "second": True}


def test_the_report_of_unchanged_results_is_left_as_it_is(tmp_path: Path) -> None:
    """It tells of the run that made them; it is written again when it is gone, or when a result is another."""
    project = chain(tmp_path / "demo")
    run(project)
    page = project / ".pipeline-kit" / "report" / "report.html"
    first = page.stat().st_mtime_ns
    run(project)
    assert page.stat().st_mtime_ns == first
    page.unlink()
    run(project)
    assert page.is_file()
    (project / "second.txt").write_text("other")
    run(project)
    assert page.stat().st_mtime_ns != first
