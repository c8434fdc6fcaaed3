"""The test stage: pytest's truth, coverage and lint, with real pytest where it matters."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from pipeline_kit.catalog import Specs
from pipeline_kit.contract.ports import Completed
from pipeline_kit.contract.result import Outcome, StageResult
from pipeline_kit.errors import Category, UsageError
from pipeline_kit.testing.context import FakePython, stage_context

pytestmark = pytest.mark.slow

PYTEST = {"pytest": "9.0"}
COVERED = {"pytest": "9.0", "pytest_cov": "7.0"}


class RealPython(FakePython):
    """This interpreter, run for real, without the outer run's pytest settings."""

    def run(self, arguments: Sequence[str], *, cwd: Path, variables: Mapping[str, str] | None = None) -> Completed:
        self.runs.append(tuple(arguments))
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=cwd,
            env={**inherited, **(variables or {})},
            capture_output=True,
            text=True,
            check=False,
        )
        return Completed(done.returncode, tuple((done.stdout + done.stderr).splitlines()[-50:]))


def run_stage(folder: Path, files: Mapping[str, str], python: FakePython | None = None, **settings: Any) -> StageResult:
    """Runs the stage over a workspace with those files."""
    for name, content in files.items():
        path = folder / "workspace" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    stages = Specs()
    defaults = {each.name: each.default for each in stages["test"].parameters}
    python = python or RealPython(packages=PYTEST)
    context = stage_context(folder, job="test", settings={**defaults, **settings}, python=python)
    return stages.load_run("test")(context)


PASSING = "def test_one():\n    assert True\n"
MIXED = """import pytest

class TestSums:
    def test_wrong(self):
        assert 1 + 1 == 3, "sums are off"

def test_right():
    pass

@pytest.mark.skip(reason="not today")
def test_later():
    pass
"""


def test_passing_tests_pass_with_their_cases(tmp_path: Path) -> None:
    """Every test is a case, and nothing is left in the workspace."""
    result = run_stage(tmp_path, {"tests/test_a.py": PASSING})
    assert (result.outcome, result.reason) == (Outcome.PASSED, "1 test passed")
    assert [(case.group, case.name) for case in result.cases] == [("tests/test_a.py", "test_one")]
    assert result.measurements == {"tests": 1, "failed": 0, "skipped": 0}
    assert [path.name for path in (tmp_path / "workspace").iterdir()] == ["tests"]


def test_what_failed_stands_first(tmp_path: Path) -> None:
    """The reason has the count and the first failure with its node and message."""
    result = run_stage(tmp_path, {"test_a.py": MIXED})
    assert (result.outcome, result.category) == (Outcome.FAILED, Category.PROJECT)
    assert result.reason.startswith("1 of 3 failed: test_a.py::TestSums::test_wrong - AssertionError: sums are off")
    assert result.cases[0].name == "test_wrong"
    assert "1 + 1 == 3" in result.cases[0].detail
    assert [case.skipped for case in result.cases] == [None, None, "not today"]


def test_collecting_nothing_fails(tmp_path: Path) -> None:
    """A suite without tests has shown nothing."""
    result = run_stage(tmp_path, {"readme.md": ""})
    assert result.outcome is Outcome.FAILED
    assert result.reason.startswith("no test was collected")


def test_skipping_everything_fails(tmp_path: Path) -> None:
    """A suite that skips itself has shown nothing either, however well pytest ends."""
    skipped = "import pytest\n\npytestmark = pytest.mark.skip(reason='no GPU here')\n\n\ndef test_a():\n    pass\n"
    result = run_stage(tmp_path, {"test_a.py": skipped})
    assert result.outcome is Outcome.FAILED
    assert result.reason == "nothing was tested: all 1 were skipped, the first since no GPU here"
    assert run_stage(tmp_path, {"test_b.py": PASSING}).reason == "1 test passed, 1 skipped"


class PersonsShell(RealPython):
    """A shell in which somebody has told pytest to leave out most tests."""

    def run(self, arguments: Sequence[str], *, cwd: Path, variables: Mapping[str, str] | None = None) -> Completed:
        return super().run(arguments, cwd=cwd, variables={"PYTEST_ADDOPTS": "-k nothing", **(variables or {})})


def test_a_persons_shell_leaves_no_test_out(tmp_path: Path) -> None:
    """What counts is what the project says, so that a result is the same for everybody."""
    result = run_stage(tmp_path, {"test_a.py": PASSING}, PersonsShell(packages=PYTEST))
    assert result.reason == "1 test passed"


def test_a_module_that_does_not_import_fails_by_name(tmp_path: Path) -> None:
    """A collection error is a failed case, not only exit code 2."""
    result = run_stage(tmp_path, {"test_a.py": "import nowhere_at_all\n", "test_b.py": PASSING})
    assert result.outcome is Outcome.FAILED
    assert "test_a" in result.reason
    assert "nowhere_at_all" in result.reason + result.cases[0].detail


def test_arguments_that_pytest_refuses_fail_with_its_words(tmp_path: Path) -> None:
    """Exit code 4 is told as what it means."""
    result = run_stage(tmp_path, {"test_a.py": PASSING}, paths=["missing.py"])
    assert result.reason.startswith("pytest refused its arguments: ERROR: file or directory not found: missing.py")


def test_code_under_src_is_importable(tmp_path: Path) -> None:
    """As in every other job, `src` is on the path."""
    files = {
        "src/demo/__init__.py": "RATE = 2\n",
        "tests/test_a.py": "import demo\n\ndef test_rate():\n    assert demo.RATE == 2\n",
    }
    assert run_stage(tmp_path, files).outcome is Outcome.PASSED


def test_configuration_above_the_workspace_does_not_count(tmp_path: Path) -> None:
    """A conftest.py in a folder above is not the project's."""
    (tmp_path / "conftest.py").write_text("raise RuntimeError('not mine')\n")
    assert run_stage(tmp_path, {"test_a.py": PASSING}).outcome is Outcome.PASSED


CODES = [
    (Completed(2, ("KeyboardInterrupt",)), "pytest was interrupted: KeyboardInterrupt"),
    (Completed(3, ("INTERNALERROR> boom",)), "pytest failed internally: INTERNALERROR> boom"),
    (Completed(77), "pytest ended with exit code 77"),
    (Completed(-11), "pytest was killed by signal 11"),
    (Completed(0), "no test was collected: pytest ended well without a case in its report"),
    (Completed(-9, (), 30.0, timed_out=True), "the tests ran into the time limit after 30 s"),
]


@pytest.mark.parametrize(("completed", "reason"), CODES)
def test_every_other_end_fails_with_its_meaning(tmp_path: Path, completed: Completed, reason: str) -> None:
    """No end without a report of passed tests counts as passed, whatever the exit code."""
    python = FakePython(packages=PYTEST, processes=lambda arguments, cwd: completed)
    result = run_stage(tmp_path, {}, python)
    assert (result.outcome, result.reason) == (Outcome.FAILED, reason)
    assert result.category is (Category.TIMEOUT if completed.timed_out else Category.PROJECT)


def test_a_lock_without_pytest_fails_with_the_way_out(tmp_path: Path) -> None:
    """The tests need what the lock must name; nothing is run without it."""
    python = FakePython()
    result = run_stage(tmp_path, {}, python)
    assert result.reason == "pytest is not in requirements.lock: add it to the requirements and lock them again"
    assert run_stage(tmp_path, {}, FakePython(packages=PYTEST), coverage=0.5).reason.startswith("pytest-cov is not in")
    assert python.runs == []


HALF = {
    "demo.py": "def half(number):\n    if number:\n        return 1\n    return 2\n",
    "test_a.py": "import demo\n\ndef test_half():\n    assert demo.half(1) == 1\n",
}


def test_coverage_is_measured_and_reported(tmp_path: Path) -> None:
    """With pytest-cov in the lock the share is a measurement and the Cobertura file an output."""
    result = run_stage(tmp_path, HALF, RealPython(packages=COVERED), source=["demo"])
    assert (result.outcome, result.measurements["coverage"]) == (Outcome.PASSED, 0.75)
    assert result.reason == "1 test passed, coverage 75.0%"
    assert (tmp_path / "out" / result.outputs["coverage"].path).is_file()


def test_the_coverage_report_is_the_same_bytes_anywhere(tmp_path: Path) -> None:
    """Its paths start at the repository's root, where a server looks them up, and its time is the commit's."""
    files = {**HALF, "src/pack/__init__.py": "RATE = 1\n", "test_b.py": "import pack\n\ndef test_b():\n    pass\n"}
    texts = []
    for name in ("one", "an other"):
        source = ["demo", "pack"]
        result = run_stage(tmp_path / name, files, RealPython(packages=COVERED), source=source)
        texts.append((tmp_path / name / "out" / result.outputs["coverage"].path).read_text())
    assert texts[0] == texts[1]
    assert 'filename="src/pack/__init__.py"' in texts[0]
    assert 'filename="demo.py"' in texts[0]
    assert "<source>.</source>" in texts[0]
    assert 'timestamp="0"' in texts[0]


def test_too_little_coverage_fails(tmp_path: Path) -> None:
    """The limit is a case of its own."""
    result = run_stage(tmp_path, HALF, RealPython(packages=COVERED), source=["demo"], coverage=0.8)
    assert (result.outcome, result.reason) == (Outcome.FAILED, "coverage is 75.0%, at least 80.0% is needed")
    assert (result.cases[0].name, result.cases[0].group) == ("at least 80.0% of the lines are run", "coverage")


def test_coverage_that_was_not_measured_is_not_enough(tmp_path: Path) -> None:
    """A run that ends before its report fails closed."""
    python = FakePython(packages=COVERED, processes=lambda arguments, cwd: Completed(0))
    assert "coverage was not measured" in run_stage(tmp_path, {}, python, coverage=0.0).reason


def test_lint_runs_in_the_projects_environment(tmp_path: Path) -> None:
    """A command is a module of that environment, and python is its Python; each is a case."""
    lint = [["tabnanny", "demo.py"], ["python", "-c", "import sys; print('two problems'); sys.exit(2)"]]
    python = RealPython(packages=PYTEST)
    result = run_stage(tmp_path, {"test_a.py": PASSING, "demo.py": "x = 1\n"}, python, lint=lint)
    assert python.runs[1:] == [("-m", "tabnanny", "demo.py"), tuple(lint[1][1:])]
    assert result.outcome is Outcome.FAILED
    assert result.reason.startswith("lint: python -c import sys;")
    assert result.reason.endswith("exit code 2: two problems")
    assert result.measurements["lint_failed"] == 1
    assert [case.group for case in result.cases] == ["lint", "test_a.py", "lint"]


def test_an_empty_lint_command_is_a_mistake_in_the_descriptor(tmp_path: Path) -> None:
    """It is refused by name."""
    with pytest.raises(UsageError, match="lint has an empty command"):
        run_stage(tmp_path, {"test_a.py": PASSING}, lint=[[]])
