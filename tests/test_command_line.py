"""Mistakes on the command line: exit code 2, what is wrong, and the nearest word."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from pipeline_kit.cli.commands import plan
from pipeline_kit.cli.main import main
from pipeline_kit.runner.stop import Interrupted
from tests.projects import kit


@pytest.mark.parametrize(
    ("words", "near"),
    [
        (["rnder"], "did you mean `render`?"),
        (["init", "x", "--profile", "tabluar"], "did you mean `tabular`?"),
        (["releases", "lst"], "did you mean `list`?"),
    ],
)
def test_a_misspelt_word_of_a_list(tmp_path: Path, words: list[str], near: str) -> None:
    """A command or a choice: the nearest one is named."""
    done = kit(tmp_path, *words)
    assert done.returncode == 2
    assert near in done.stderr


def test_a_word_that_is_near_to_none(tmp_path: Path) -> None:
    """Nothing is guessed."""
    done = kit(tmp_path, "xyzzy")
    assert done.returncode == 2
    assert "did you mean" not in done.stderr


def test_force_beside_a_profile(tmp_path: Path) -> None:
    """What does not go together is told by its names."""
    done = kit(tmp_path, "init", "new", "--profile", "bare", "--force", "README.md")
    assert done.returncode == 2
    assert "--force is for a project that is there, and --profile bare makes a new one" in done.stderr


@pytest.mark.parametrize(
    ("cause", "code"),
    [(KeyboardInterrupt(), 130), (Interrupted(signal.SIGTERM), 143), (ValueError("a fault"), 70)],
)
def test_an_interruption_in_the_middle_of_an_import_is_one(
    cause: BaseException, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Python before 3.12 makes a RuntimeError of what is raised while a class is made: that is no fault of the kit."""

    def execute(arguments: object) -> int:
        raise RuntimeError("Error calling __set_name__ on 'Field' instance") from cause

    monkeypatch.setattr(plan, "execute", execute)
    assert main(["plan"]) == code
    assert ("fault of pipeline-kit" in capsys.readouterr().err) is (code == 70)
