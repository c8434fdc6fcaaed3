"""One run of pytest: its command, and what its exit code and report mean."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from pipeline_kit.contract.ports import Completed, ProjectPython
from pipeline_kit.contract.result import Case
from pipeline_kit.errors import DataError
from pipeline_kit.report.junit import read_junit


class ExitCode(IntEnum):
    """What pytest ends with (docs.pytest.org/en/stable/reference/exit-codes.html)."""

    OK = 0
    TESTS_FAILED = 1
    INTERRUPTED = 2
    INTERNAL_ERROR = 3
    USAGE_ERROR = 4
    NO_TESTS_COLLECTED = 5


MEANINGS = {
    ExitCode.INTERRUPTED: "pytest was interrupted",
    ExitCode.INTERNAL_ERROR: "pytest failed internally",
    ExitCode.USAGE_ERROR: "pytest refused its arguments",
    ExitCode.NO_TESTS_COLLECTED: "no test was collected",
}


@dataclass(frozen=True, slots=True)
class Suite:
    """A finished run: cases with what failed first, the share of covered lines, and why it counts as failed."""

    completed: Completed
    cases: tuple[Case, ...] = ()
    coverage: float | None = None
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """What to measure, and the file for the Cobertura report."""

    source: tuple[str, ...]
    report: Path


def run_suite(
    python: ProjectPython,
    workspace: Path,
    scratch: Path,
    *,
    paths: Sequence[str] = (),
    arguments: Sequence[str] = (),
    coverage: Coverage | None = None,
) -> Suite:
    """Runs pytest in the workspace; whatever it writes beside its reports goes to `scratch`."""
    junit, totals = scratch / "junit.xml", scratch / "coverage.json"
    command = ["-m", "pytest", "-p", "no:cacheprovider", "--rootdir=.", "--confcutdir=."]
    command += [f"--junitxml={junit}", "-o", "junit_family=xunit1", *_coverage_flags(coverage, totals)]
    completed = python.run([*command, *arguments, *paths], cwd=workspace, variables=variables(workspace, scratch))
    try:
        cases = read_junit(junit.read_text(encoding="utf-8")) if junit.is_file() else ()
    except DataError as error:
        return Suite(completed, failure=f"pytest's report cannot be read: {error.message}")
    ordered = tuple(sorted(cases, key=lambda case: case.failure is None))
    return Suite(completed, ordered, _share(totals), judge(completed, ordered))


def variables(workspace: Path, scratch: Path) -> dict[str, str]:
    """The environment of tests and lint: `src` importable as for every other job, no files left in the workspace.

    Settings of a person's shell for pytest (deselected tests, extra plugins) are ignored.
    """
    return {
        **dict.fromkeys(("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD"), ""),
        "COVERAGE_FILE": str(scratch / ".coverage"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "RUFF_NO_CACHE": "true",
        "MYPY_CACHE_DIR": str(scratch / "mypy"),
        **({"PYTHONPATH": str(workspace / "src")} if (workspace / "src").is_dir() else {}),
    }


def _coverage_flags(coverage: Coverage | None, totals: Path) -> list[str]:
    if coverage is None:
        return []
    measured = [f"--cov={item}" for item in coverage.source] or ["--cov"]
    return [*measured, f"--cov-report=xml:{coverage.report}", f"--cov-report=json:{totals}", "--cov-report=term"]


def _share(totals: Path) -> float | None:
    """The covered share of coverage's JSON report, or None where it wrote none."""
    if not totals.is_file():
        return None
    percent = json.loads(totals.read_text(encoding="utf-8"))["totals"]["percent_covered"]
    return float(percent) / 100


def judge(completed: Completed, cases: Sequence[Case]) -> str | None:
    """Why a run counts as failed, or None. The first failed case says more than the exit code."""
    failed = [case for case in cases if case.failure is not None]
    code = completed.exit_code
    if completed.timed_out:
        return f"the tests ran into the time limit after {completed.seconds:.0f} s"
    if failed:
        first = " ".join((failed[0].failure or "").split())
        return f"{len(failed)} of {len(cases)} failed: {node(failed[0])} - {first}"
    if code == ExitCode.OK:
        return _untested(cases)
    last = next((line.strip() for line in reversed(completed.tail) if line.strip()), "")
    message = f": {last}" if last else ""
    if code < 0:
        return f"pytest was killed by signal {-code}{message}"
    meaning = MEANINGS[ExitCode(code)] if code in MEANINGS else f"pytest ended with exit code {code}"
    return meaning + message


def _untested(cases: Sequence[Case]) -> str | None:
    """Why a run that ended well has tested nothing, or None."""
    if not cases:
        return "no test was collected: pytest ended well without a case in its report"
    if all(case.skipped is not None for case in cases):
        return f"nothing was tested: all {len(cases)} were skipped, the first since {cases[0].skipped}"
    return None


def node(case: Case) -> str:
    """The case as pytest's command line takes it; a module that cannot be collected has no group."""
    return f"{case.group}::{case.name}" if case.group else case.name
