"""What the tests of robustness compare with: a run that nothing disturbs."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.projects import kit
from tests.robustness import killing
from tests.robustness.small_project import make_project


@dataclass(frozen=True)
class Undisturbed:
    """How long a run of the small project takes, and the digests of what it makes."""

    seconds: float
    digests: dict[str, dict[str, str]]


@pytest.fixture(autouse=True)
def own_stages(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process runs the stages of one project as a rule; tests that run jobs in their own process have one each."""
    for name in [name for name in sys.modules if name.startswith("pipeline_kit_stage_")]:
        monkeypatch.delitem(sys.modules, name)


@pytest.fixture(autouse=True)
def ctrl_c_is_heard() -> Iterator[None]:
    """Processes are started as a terminal starts them; those of a shell's background would ignore SIGINT."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """The second run of the small project: the first one may have to make its locked environment."""
    folder = make_project(tmp_path_factory.mktemp("undisturbed") / "project")
    kit(folder, "run")
    killing.forget(folder)
    started = time.monotonic()
    done = kit(folder, "run")
    assert done.returncode == 0, done.stdout + done.stderr
    return Undisturbed(time.monotonic() - started, killing.digests(folder))
