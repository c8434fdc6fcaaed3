"""One report a pipeline on both servers: a last job gathers what every other job left, failed ones too."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.executors.gitlab_local import run_gitlab
from tests.executors.jenkins_harness import run_jenkinsfile
from tests.executors.on_path import kit_on_path
from tests.projects import commit, kit, write_project

JOBS = """
  first: {stage: probe}
  broken: {stage: probe, needs: [first], end: failed}
  beside: {stage: probe, needs: [first]}
"""
BEHIND = "  behind: {stage: probe, needs: [broken]}\n"
GATHERER = "pipeline-report"


def checkout(folder: Path, jobs: str) -> Path:
    """A project with a job that fails, its CI files, and an origin."""
    write_project(folder, jobs, "report: {}")
    assert kit(folder, "render", "--ci", "gitlab,jenkins").returncode == 0
    commit(folder)
    for arguments in (["remote", "add", "origin", str(folder)], ["fetch", "-q", "origin"]):
        git(folder, *arguments)
    return folder


def git(folder: Path, *arguments: str) -> None:
    """Runs git there."""
    import subprocess

    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


def told(report: Path) -> dict[str, str]:
    """Job to outcome, from the table of the Markdown report."""
    rows = [line.split("|") for line in report.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    return {cells[1].strip(): cells[2].split()[-1] for cells in rows if cells[2].split()[-1].isalpha()}


EXPECTED = {"first": "passed", "broken": "failed", "beside": "passed"}


@pytest.mark.gitlab
def test_gitlab_gathers_one_report(tmp_path: Path) -> None:
    """It runs although a job failed, tells all jobs, and decides nothing."""
    run = run_gitlab(checkout(tmp_path / "project", JOBS), environment=kit_on_path())
    assert run.outcomes["broken"] == "failed", run.log
    folder = run.results["first"].parents[3] / GATHERER / ".pipeline-kit" / "report"
    assert EXPECTED.items() <= told(folder / "report.md").items()
    assert "broken" in (folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.jenkins
def test_jenkins_gathers_one_report(tmp_path: Path) -> None:
    """A failed stage has stashed its results too, and the build's description is the report's sentence."""
    run = run_jenkinsfile(checkout(tmp_path / "project", JOBS + BEHIND), tmp_path / "work", environment=kit_on_path())
    assert run.outcomes["broken"] == "failed", run.log
    folder = tmp_path / "work" / "archive" / ".pipeline-kit" / "report"
    assert {**EXPECTED, "behind": "skipped"}.items() <= told(folder / "report.md").items()
    assert "broken" in (folder / "sentence.txt").read_text(encoding="utf-8")


def test_without_any_result_there_is_no_report(tmp_path: Path) -> None:
    """It says what to do."""
    write_project(tmp_path, JOBS, "report: {}")
    done = kit(tmp_path, "report")
    assert done.returncode == 2
    assert "no job has left a result here" in done.stderr
