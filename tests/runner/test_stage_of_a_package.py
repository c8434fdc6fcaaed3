"""A stage from outside: one folder of an installed package, found by its entry point and run end to end."""

from __future__ import annotations

import json
from pathlib import Path

from tests.plugins import install_package, use_plugins
from tests.projects import kit, write_project

STAGE = """
help: Counts the lines of the files that it reads.
cacheable: true
parameters:
  most: {type: integer, default: 100, minimum: 1, unit: lines, help: "The most lines that a file may have."}
outputs:
  lines: {path: lines.json, kind: report, help: "A row a file."}
reports:
  lines: {output: lines, as: table}
"""
SETTINGS = '''
"""The settings of a job that counts lines."""
from pipeline_kit.contract.settings import whole


def most_of(given):
    """The most lines that a file may have."""
    return whole(given, "most", 100)
'''
RUN = '''
"""Counts lines."""
import json

from pipeline_kit.contract.result import Outcome, StageResult
from pipeline_kit.errors import Category

from .settings import most_of


def run(context):
    """Passed when no file has too many lines."""
    most = most_of(context.settings)
    files = sorted(path for path in context.workspace.rglob("*.txt"))
    counts = {path.name: len(path.read_text().splitlines()) for path in files}
    target = context.place("lines", "lines.json")
    target.write_text(json.dumps({"rows": [{"file": name, "lines": count} for name, count in counts.items()]}))
    outputs = {"lines": context.left("report", target)}
    long = next((name for name, count in counts.items() if count > most), None)
    if long is not None:
        reason = f"{long} has {counts[long]} lines, {most} are allowed"
        return StageResult(Outcome.FAILED, reason, Category.PROJECT, outputs=outputs)
    return StageResult(Outcome.PASSED, f"{sum(counts.values())} lines counted", outputs=outputs)
'''
FILES = {
    "acme_lines/__init__.py": "",
    "acme_lines/count/__init__.py": "",
    "acme_lines/count/stage.yml": STAGE,
    "acme_lines/count/settings.py": SETTINGS,
    "acme_lines/count/run.py": RUN,
}
POINTS = {"pipeline_kit.stages": {"count": "acme_lines.count"}}


def installed(folder: Path) -> str:
    """The package, installed into a site directory of its own."""
    return str(install_package(folder / "site", "acme-lines", FILES, POINTS))


def project(folder: Path, jobs: str) -> Path:
    """A project with a file of three lines, whose descriptor names the package."""
    root = write_project(folder / "project", jobs)
    (root / "poem.txt").write_text("one\ntwo\nthree\n")
    return use_plugins(root, "acme-lines")


def test_a_stage_of_a_package_runs_as_a_built_in_one_does(tmp_path: Path) -> None:
    """Its parameters are checked, its code runs and imports beside itself, its report is shown, its result cached."""
    root, site = project(tmp_path, '  count: {inputs: ["*.txt"]}\n'), installed(tmp_path)
    ended = kit(root, "run", PYTHONPATH=site)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "3 lines counted" in ended.stdout
    assert "Lines: count\n  file      lines\n  poem.txt  3\n" in ended.stdout
    record = json.loads((root / ".pipeline-kit/out/count/result.json").read_text())
    assert (record["stage"], record["outcome"]) == ("count", "passed")
    assert "<h2>Lines: count</h2>" in (root / ".pipeline-kit/report/report.html").read_text()
    again = kit(root, "run", PYTHONPATH=site)
    assert "1 job passed, from the cache." in again.stdout


def test_a_stage_of_a_package_may_fail_the_run(tmp_path: Path) -> None:
    """Its result decides, with exit code 1."""
    root, site = project(tmp_path, '  poem: {stage: count, inputs: ["*.txt"], most: 2}\n'), installed(tmp_path)
    ended = kit(root, "run", PYTHONPATH=site)
    assert ended.returncode == 1
    assert "FAILED: poem: poem.txt has 3 lines, 2 are allowed." in ended.stdout


def test_the_settings_of_a_packages_stage_are_checked_by_its_stage_yml(tmp_path: Path) -> None:
    """A wrong one is refused with the descriptor's line, before any code runs."""
    root, site = project(tmp_path, "  count: {most: many}\n"), installed(tmp_path)
    refused = kit(root, "plan", PYTHONPATH=site)
    assert refused.returncode == 2
    assert "jobs.count.most must be a whole number" in refused.stderr


def test_planning_imports_no_code_of_the_package(tmp_path: Path) -> None:
    """A stage whose `run.py` cannot be imported is planned all the same: planning reads YAML."""
    root = project(tmp_path, '  count: {inputs: ["*.txt"]}\n')
    files = {**FILES, "acme_lines/count/run.py": "raise ImportError('planning imports no stage')\n"}
    site = str(install_package(tmp_path / "site", "acme-lines", files, POINTS))
    planned = kit(root, "plan", PYTHONPATH=site)
    assert planned.returncode == 0, planned.stderr
    assert "count" in planned.stdout


def test_a_package_that_the_descriptor_does_not_name_is_not_searched(tmp_path: Path) -> None:
    """Its stage is unknown, although it is installed."""
    root, site = write_project(tmp_path / "project", "  count: {}\n"), installed(tmp_path)
    refused = kit(root, "plan", PYTHONPATH=site)
    assert refused.returncode == 2
    assert "count" in refused.stderr
