"""What adoption would change: the text that is shown, what is written, and what is only a choice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from pipeline_kit.adapters.git.repository import project_files
from pipeline_kit.adopt.read.survey import survey
from pipeline_kit.adopt.read.tree import list_tree
from pipeline_kit.adopt.write.changes import changes
from pipeline_kit.adopt.write.proposed import present_servers, training_script
from pipeline_kit.errors import UsageError
from tests.adopt.shapes import on_disk

CI_FILES = {"gitlab": ".gitlab-ci.yml", "jenkins": "Jenkinsfile"}
LONG = "".join(f"line {number}\n" for number in range(100))


def test_the_differences_come_before_what_happens_to_each_file(tmp_path: Path) -> None:
    """Of a long new file the beginning is shown, but the descriptor is shown whole; a kept file has no difference."""
    (tmp_path / "my notes").write_text("old\n")
    (tmp_path / "Jenkinsfile").write_text("old\n")
    files = {"pipeline-kit.yml": LONG, "ci/as_job.py": LONG, "my notes": "new\n", "Jenkinsfile": "new\n"}
    text = changes(tmp_path, files, ["Jenkinsfile"], ["Jenkinsfile"]).text(whole=False)
    descriptor, _, others = text.partition("--- /dev/null\n+++ b/ci/as_job.py\n")
    assert descriptor.endswith("+line 99\n") and "  ... and 91 more new lines\n" in others
    assert text.endswith(
        "new       pipeline-kit.yml\n"
        "new       ci/as_job.py\n"
        "replaced  Jenkinsfile, the old one kept as Jenkinsfile.before-pipeline-kit\n"
        "kept      my notes: it is not touched; --force 'my notes' replaces it\n"
    )
    assert "+line 99\n" in changes(tmp_path, files, [], []).text(whole=True).partition("+++ b/ci/as_job.py")[2]


def test_a_file_that_is_not_proposed_cannot_be_forced(tmp_path: Path) -> None:
    """The hint has the files that can."""
    with pytest.raises(UsageError, match=r"--force: init does not write setup\.py") as caught:
        changes(tmp_path, {"a": "", "b": ""}, ["a", "setup.py"], [])
    assert caught.value.hint == "these: a, b"


def test_backups_are_written_before_the_files_that_replace_them(tmp_path: Path) -> None:
    """With the old bytes; what is kept or the same is not written."""
    for name, content in (("Jenkinsfile", b"\xff old"), ("kept", b"old"), ("same", b"same")):
        (tmp_path / name).write_bytes(content)
    result = changes(
        tmp_path, {"new": "1", "kept": "2", "same": "same", "Jenkinsfile": "3"}, ["Jenkinsfile"], ["Jenkinsfile"]
    )
    written: list[tuple[Path, str | bytes]] = []
    assert result.write(tmp_path, lambda path, content: written.append((path, content))) == 3
    assert written == [
        (tmp_path / "Jenkinsfile.before-pipeline-kit", b"\xff old"),
        (tmp_path / "new", "1"),
        (tmp_path / "Jenkinsfile", "3"),
    ]


def test_the_servers_are_those_whose_files_are_present(tmp_path: Path) -> None:
    """Without any, all of them."""
    assert present_servers(tmp_path, CI_FILES) == ("gitlab", "jenkins")
    (tmp_path / "Jenkinsfile").touch()
    assert present_servers(tmp_path, CI_FILES) == ("jenkins",)


def never(scripts: Sequence[str]) -> str | None:
    """For a repository where there is nothing to choose."""
    raise AssertionError(scripts)


def test_the_training_is_chosen_only_where_nothing_declares_it(tmp_path: Path) -> None:
    """One of two scripts is chosen; a named one, or old CI files, leave no question."""
    flat = on_disk("flat_script", tmp_path)
    facts = survey(list_tree(flat, project_files(flat)))
    assert training_script(facts, None, lambda scripts: scripts[1]) == "iris.py"
    assert training_script(facts, None, lambda scripts: None) is None
    assert training_script(facts, "iris.py", never) == "iris.py"
    with pytest.raises(UsageError) as caught:
        training_script(facts, "nowhere.py", never)
    assert caught.value.hint == "scripts that may train: train.py, iris.py"
    declared = on_disk("gitlab_ci", tmp_path)
    assert training_script(survey(list_tree(declared, project_files(declared))), None, never) is None
