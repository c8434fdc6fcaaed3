"""`pipeline-kit init` where a project is: what it asks, shows and writes, and what it leaves alone."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline_kit.cli.main import main
from tests.adopt.shapes import on_disk
from tests.projects import kit


def contents(root: Path) -> dict[str, bytes]:
    """Every file but git's own."""
    files = (path for path in root.rglob("*") if path.is_file() and ".git" not in path.relative_to(root).parts)
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def at_a_terminal(root: Path, answers: str, *arguments: str) -> tuple[int, str]:
    """Runs `init` behind a real terminal, types the answers, and gives its exit code and what it showed."""
    here, there = pty.openpty()
    command = [sys.executable, "-m", "pipeline_kit", "init", *arguments]
    with subprocess.Popen(command, cwd=root, stdin=there, stdout=there, stderr=there) as process:
        os.close(there)
        os.write(here, answers.encode())
        shown = b""
        while True:
            try:
                part = os.read(here, 65536)
            except OSError:  # Linux ends a terminal so, when nobody holds its other side
                break
            if not part:
                break
            shown += part
        code = process.wait(timeout=60)
    os.close(here)
    return code, shown.decode(errors="replace")


def test_a_dry_run_shows_the_difference_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A unified diff of every file, and what would stay as it is."""
    root = on_disk("gitlab_ci", tmp_path)
    before = contents(root)
    assert main(["-C", str(root), "init", "--dry-run"]) == 0
    shown = capsys.readouterr().out
    assert "+++ b/pipeline-kit.yml\n@@ -0,0 +1," in shown
    assert "--- a/.gitignore\n+++ b/.gitignore" in shown
    assert "kept      .gitlab-ci.yml: it is not touched; --force .gitlab-ci.yml replaces it" in shown
    assert contents(root) == before


def test_nothing_that_is_there_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--defaults` accepts guesses, not losses: `.gitignore` gains lines, every other file stays byte for byte."""
    root = on_disk("gitlab_ci", tmp_path)
    before = contents(root)
    assert main(["-C", str(root), "init", "--defaults"]) == 0
    after = contents(root)
    assert after.pop(".gitignore").startswith(before.pop(".gitignore"))
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) == {"pipeline-kit.yml", "ci/as_job.py"}
    capsys.readouterr()
    assert main(["-C", str(root), "init", "--defaults"]) == 2
    assert "already has a pipeline-kit.yml; nothing was written" in capsys.readouterr().err
    assert contents(root).keys() == {".gitignore", *after}


def test_force_names_the_file_and_keeps_the_old_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An old CI file goes on under another name; one that is rendered already is none of a second forcing."""
    root = on_disk("gitlab_ci", tmp_path)
    old = (root / ".gitlab-ci.yml").read_bytes()
    assert main(["-C", str(root), "init", "--defaults", "--force", ".gitlab-ci.yml"]) == 0
    assert (root / ".gitlab-ci.before-pipeline-kit.yml").read_bytes() == old
    assert (root / ".gitlab-ci.yml").read_text().startswith("# Rendered by pipeline-kit")
    assert "the old one kept as .gitlab-ci.before-pipeline-kit.yml" in capsys.readouterr().out
    assert main(["-C", str(root), "init", "--defaults", "--force", ".gitlab-ci.yml"]) == 0
    assert "nothing to write" in capsys.readouterr().out
    (root / ".gitlab-ci.yml").write_text("# edited\n")
    assert main(["-C", str(root), "init", "--defaults", "--force", ".gitlab-ci.yml"]) == 0
    assert (root / ".gitlab-ci.before-pipeline-kit.yml").read_bytes() == old
    assert (root / ".gitlab-ci.before-pipeline-kit-2.yml").read_text() == "# edited\n"


def test_the_ci_file_can_be_forced_after_the_descriptor_was_edited(tmp_path: Path) -> None:
    """First the descriptor, looked at and corrected; then the CI file, from what stands there."""
    root = on_disk("jenkinsfile", tmp_path)
    assert main(["-C", str(root), "init", "--defaults"]) == 0
    text = (root / "pipeline-kit.yml").read_text().replace("data_check", "look_at_data")
    (root / "pipeline-kit.yml").write_text(text)
    assert main(["-C", str(root), "init", "--defaults", "--force", "Jenkinsfile"]) == 0
    assert "look_at_data" in (root / "Jenkinsfile").read_text()
    assert (root / "pipeline-kit.yml").read_text() == text
    assert (root / "Jenkinsfile.before-pipeline-kit").is_file()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--force", "setup.py"], "init does not write setup.py"),
        (["--train", "nowhere.py"], "'nowhere.py' is not a Python file of this directory"),
        (["--ci", "travis"], "unknown CI server 'travis'"),
        ([], "no terminal to ask on"),
    ],
)
def test_what_cannot_be_done_is_refused_and_changes_nothing(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, with the next step."""
    root = on_disk("flat_script", tmp_path)
    before = contents(root)
    assert main(["-C", str(root), "init", *arguments]) == 2
    assert said in capsys.readouterr().err
    assert contents(root) == before


def test_a_person_is_asked_and_may_choose_the_training(tmp_path: Path) -> None:
    """At a terminal: which of two scripts trains, then whether to write."""
    root = on_disk("flat_script", tmp_path)
    before = contents(root)
    code, shown = at_a_terminal(root, "1\nn\n")
    assert (code, contents(root)) == (0, before)
    assert "1. train.py" in shown and "2. iris.py" in shown and "nothing was written" in shown
    code, shown = at_a_terminal(root, "9\n2\ny\n")
    assert code == 0, shown
    assert "a number from 1 to 2" in shown
    assert "--, python, iris.py]" in (root / "pipeline-kit.yml").read_text()


def test_the_train_option_chooses_without_a_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What a person would answer, a flag says; any Python file will do."""
    root = on_disk("flat_script", tmp_path)
    arguments = ["--train", "iris.py", "--name", "flowers", "--ci", "jenkins"]
    assert main(["-C", str(root), "init", "--defaults", *arguments]) == 0
    text = (root / "pipeline-kit.yml").read_text()
    assert "run: [python, ci/as_job.py, --give, model=model/centroids.json, --metrics, metrics.json" in text
    assert "name: flowers" in text
    assert (root / "Jenkinsfile").is_file() and not (root / ".gitlab-ci.yml").exists()


def test_a_directory_without_a_project_gets_a_new_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As before: empty, or with a README and git alone; and a named profile always means a new project."""
    (tmp_path / "new").mkdir()
    subprocess.run(["git", "init", "-q"], cwd=tmp_path / "new", check=True)
    (tmp_path / "new" / "notes.txt").write_text("to do\n")
    assert main(["-C", str(tmp_path / "new"), "init", "--defaults", "--profile", "bare"]) == 0
    assert main(["-C", str(tmp_path), "init", "fresh", "--defaults"]) == 0
    assert "made fresh (tabular)" in capsys.readouterr().out
    assert main(["-C", str(tmp_path), "init", "other", "--dry-run"]) == 2
    assert "--dry-run is for a project that is there" in capsys.readouterr().err


def test_a_link_that_leads_outside_is_not_written_through(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A repository may come from anybody: what it links to is not this command's to change."""
    root = on_disk("flat_script", tmp_path)
    (tmp_path / "outside").mkdir()
    (root / "ci").symlink_to(tmp_path / "outside")
    assert main(["-C", str(root), "init", "--defaults"]) == 2
    assert "leads out of the project" in capsys.readouterr().err
    assert not list((tmp_path / "outside").iterdir())
    (root / "ci").unlink()
    (tmp_path / "ignore").write_text("theirs\n")
    (root / ".gitignore").symlink_to(tmp_path / "ignore")
    assert main(["-C", str(root), "init", "--defaults"]) == 0
    assert (tmp_path / "ignore").read_text() == "theirs\n"


def test_the_command_says_what_comes_next(tmp_path: Path) -> None:
    """In a process of its own, in a folder without git: what was written, and the commands to go on with."""
    root = on_disk("no_git", tmp_path)
    done = kit(root, "init", "--defaults")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "next: git init && pipeline-kit plan, then pipeline-kit run"
    assert "fit (1).py: no Python 3 that could be read" in done.stdout
