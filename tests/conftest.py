"""What every test shares: nothing of the user's machine leaks in, and nothing is skipped where that is asked for."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests import fast
from tests.drill import DRILL, results_page

settings.register_profile("kit", deadline=None)  # a busy machine is no counterexample
settings.load_profile("kit")

ROOT = Path(__file__).parent.parent
NO_SKIPS = "PIPELINE_KIT_NO_SKIPS"
COUNTED = "counted: "


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options behind `make test-fast` and `make drill`."""
    parser.addoption("--fast", action="store_true", help="only the tests that tests/fast.py chooses, and guard them")
    parser.addoption("--drill", type=Path, metavar="PAGE", help="only the long tests, whole; write figures to PAGE")


def pytest_configure(config: pytest.Config) -> None:
    """Guards a process of the fast tests, and has a drill do the whole number of repetitions."""
    if config.getoption("--drill"):
        os.environ[DRILL] = "1"
    if config.getoption("--fast") and not config.getoption("collectonly"):
        folder = Path(tempfile.mkdtemp(prefix="fast-tests-"))
        config.add_cleanup(lambda: shutil.rmtree(folder))
        fast.guard(folder / "bin")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what the options do not choose."""
    chosen = items
    if config.getoption("--fast"):
        chosen = [item for item in chosen if fast.is_fast(item.path.relative_to(ROOT / "tests"), marks(item))]
    if config.getoption("--drill"):
        chosen = [item for item in chosen if "drill" in marks(item)]
    if len(chosen) < len(items):
        config.hook.pytest_deselected(items=[item for item in items if item not in set(chosen)])
        items[:] = chosen


def marks(item: pytest.Item) -> set[str]:
    """The names of a test's markers."""
    return {marker.name for marker in item.iter_markers()}


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No CI server's variables (pytest says more where CI is set), no secrets, no colour."""
    for name in list(os.environ):
        if name.startswith(("CI_", "GITLAB_", "PIPELINE_KIT_SECRET_")) or name in ("CI", "BUILD_NUMBER"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.fixture
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Where PIPELINE_KIT_NO_SKIPS is set, a skipped test is a failed one."""
    report = yield
    if report.skipped and os.environ.get(NO_SKIPS) and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and {NO_SKIPS} is set: {report.longrepr}"
    return report


@pytest.fixture
def count(record_property: Callable[[str, object], None]) -> Callable[[str, int], None]:
    """Adds to a number that the end of the test run prints: `count("killed", 1)`."""
    return lambda what, number: record_property(COUNTED + what, number)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, exitstatus: pytest.ExitCode, config: pytest.Config
) -> None:
    """Prints what the tests that passed have counted; a drill in which all passed writes it down too."""
    totals: Counter[str] = Counter()
    for report in terminalreporter.stats.get("passed", ()):
        for name, number in getattr(report, "user_properties", ()):
            if name.startswith(COUNTED):
                totals[name.removeprefix(COUNTED)] += number
    if totals:
        terminalreporter.section("counts")
    for name, number in totals.items():
        terminalreporter.line(f"{number:>7}  {name}")
    page = config.getoption("--drill")
    if page and exitstatus == pytest.ExitCode.OK:
        page.write_text(results_page(totals), encoding="utf-8")


def missing(*commands: str) -> str:
    """Which of the commands are not here, as a reason to skip; empty where all are."""
    absent = [command for command in commands if shutil.which(command) is None]
    return f"needs {', '.join(absent)}" if absent else ""
