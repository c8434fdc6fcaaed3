"""What killed runs leave is removed by the next one; what a living process works on stays."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline_kit.adapters.files import TEMPORARY, is_left_over, locked
from pipeline_kit.runner.cleanup import clean_up
from pipeline_kit.runner.folders import Folders, folders_of
from tests.projects import kit, write_project

PLACES = ("out/a", "why", "report", "cache/keys", "cache/objects/ab")


@pytest.fixture
def dead() -> int:
    """The number of a process that has ended."""
    with subprocess.Popen(["true"]) as process:
        return process.pid


@pytest.fixture
def folders(tmp_path: Path, dead: int) -> Folders:
    """A project in which runs were killed in the middle of everything."""
    write_project(tmp_path, "  a: {stage: probe}\n")
    folders = folders_of(tmp_path)
    for place in PLACES:
        folder = folders.kit / place
        folder.mkdir(parents=True)
        (folder / f"{TEMPORARY}{dead}-0123456789ab").write_text("half")
        (folder / f"{TEMPORARY}{os.getpid()}-0123456789ab").write_text("being written")
        (folder / "kept.txt").write_text("whole")
    for job in ("a", "gone_from_the_plan"):
        for folder in (folders.work(job), folders.temporary(job)):
            (folder / "deep").mkdir(parents=True)
            (folder / "deep" / "file").write_text("left")
            (folder / "deep").chmod(0o500)
    return folders


def left(folders: Folders) -> Iterator[str]:
    """What is there of files that are no whole ones, workspaces and temporary folders."""
    for path in [*folders.kit.rglob(TEMPORARY + "*"), *folders.kit.glob("work/*"), *folders.kit.glob("tmp/*")]:
        yield path.relative_to(folders.kit).as_posix()


def test_the_next_run_removes_what_killed_ones_left(folders: Folders) -> None:
    """Whichever job it was of; a file that a living process writes is none of that."""
    clean_up(folders)
    assert sorted(left(folders)) == sorted(f"{place}/{TEMPORARY}{os.getpid()}-0123456789ab" for place in PLACES)
    assert all((folders.kit / place / "kept.txt").exists() for place in PLACES)


def test_the_commands_sweep(folders: Folders) -> None:
    """`run` for the whole project, `job` for its own job."""
    assert kit(folders.root, "job", "a").returncode == 0
    assert sorted(path for path in left(folders) if path.startswith(("work/", "tmp/"))) == [
        "tmp/gone_from_the_plan",
        "work/gone_from_the_plan",
    ]
    assert kit(folders.root, "run").returncode == 0
    assert not [path for path in left(folders) if path.startswith(("work/", "tmp/"))]


def test_a_job_that_runs_keeps_its_workspace(folders: Folders) -> None:
    """Such as one that a CI server started in the same directory."""
    with locked(folders.lock("job-a")):
        clean_up(folders)
    assert folders.work("a").exists()
    assert not folders.work("gone_from_the_plan").exists()


@pytest.mark.parametrize("name", ["model.bin", ".hidden", TEMPORARY, f"{TEMPORARY}x-1", f"{TEMPORARY}1-0123"])
def test_no_other_file_is_taken_for_a_left_over_one(tmp_path: Path, name: str) -> None:
    """A file of the project's own, or of a process that is there (1 always is)."""
    assert not is_left_over(tmp_path / name)
