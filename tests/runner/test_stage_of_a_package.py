"""A stage from outside: one folder of an installed package, found by its entry point and run end to end."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import yaml

from tests.conftest import ROOT
from tests.docs.pages import steps_of
from tests.plugins import install_package, use_plugins
from tests.projects import kit, write_project

PAGE = ROOT / "docs" / "contributing" / "stages.md"
STAGE, SETTINGS, RUN, POINT, DESCRIPTOR = (step.text for step in steps_of(PAGE))
"""The files of the stage that the documentation adds, its entry point, and the descriptor that uses it."""
FILES = {
    "acme_lines/__init__.py": "",
    "acme_lines/count/__init__.py": "",
    "acme_lines/count/stage.yml": STAGE,
    "acme_lines/count/settings.py": SETTINGS,
    "acme_lines/count/run.py": RUN,
}
POINTS = {"pipeline_kit.stages": {"count": "acme_lines.count"}}
JOBS = '  count: {inputs: ["*.txt"]}\n'


def installed(folder: Path) -> str:
    """The package, installed into a site directory of its own."""
    return str(install_package(folder / "site", "acme-lines", FILES, POINTS))


def project(folder: Path, jobs: str) -> Path:
    """A project with a file of three lines, whose descriptor names the package."""
    root = write_project(folder / "project", jobs)
    (root / "poem.txt").write_text("one\ntwo\nthree\n")
    return use_plugins(root, "acme-lines")


def test_the_documentation_names_the_entry_point_and_the_package() -> None:
    """As the tests below install and use them."""
    assert tomllib.loads(POINT) == {"project": {"entry-points": POINTS}}
    descriptor = yaml.safe_load(DESCRIPTOR)
    assert (descriptor["plugins"], descriptor["jobs"]) == (["acme-lines"], yaml.safe_load(JOBS))


def test_a_stage_of_a_package_runs_as_a_built_in_one_does(tmp_path: Path) -> None:
    """Its parameters are checked, its code runs and imports beside itself, its report is shown, its result cached."""
    root, site = project(tmp_path, JOBS), installed(tmp_path)
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
    root = project(tmp_path, JOBS)
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
