"""The harness refuses what Jenkins refuses, with the line, and takes what it takes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.executors.jenkins_harness import problems_of
from tests.executors.wrong_jenkinsfiles import GOOD, WRONG

pytestmark = pytest.mark.jenkins


@pytest.fixture(scope="module")
def problems(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, object]]]:
    """What the harness says of each file; one Java process for all."""
    folder = tmp_path_factory.mktemp("wrong")
    texts = {"good": GOOD, **{name: text for name, (text, _) in WRONG.items()}}
    files = {name: folder / name for name in texts}
    for name, text in texts.items():
        files[name].write_text(text, encoding="utf-8")
    said = problems_of(list(files.values()), folder / "work")
    return {name: said[file] for name, file in files.items()}


def test_the_plain_file_is_taken(problems: dict[str, list[dict[str, object]]]) -> None:
    """The file that all the wrong ones come from has no problem."""
    assert problems["good"] == []


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_is_refused(
    name: str, problems: dict[str, list[dict[str, object]]], count: Callable[[str, int], None]
) -> None:
    """Each has the expected problem at a line of the file."""
    text, expected = WRONG[name]
    found = [each for each in problems[name] if expected in str(each["message"])]
    assert found, problems[name]
    assert all(0 < int(str(each["line"])) <= text.count("\n") + 1 for each in found)
    count("wrong Jenkinsfiles that the harness refuses", 1)


def test_a_file_that_is_refused_runs_nothing(tmp_path: Path) -> None:
    """A build of a wrong file has no stage, and says why."""
    import subprocess

    from tests.executors.jenkins_harness import run_jenkinsfile

    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "Jenkinsfile").write_text(WRONG["steps and stages"][0], encoding="utf-8")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path / "project", check=True)
    done = run_jenkinsfile(tmp_path / "project", tmp_path / "build")
    assert done.outcomes == {}
    assert "exactly one of" in str(done.problems[0]["message"])
