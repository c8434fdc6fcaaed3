"""A full disk, a read-only one, one that fails: named errors, exit 3, and the same command goes on later."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline_kit.errors import KitError
from pipeline_kit.project.open import open_project
from pipeline_kit.runner.exit_codes import ExitCode, exit_code
from pipeline_kit.runner.job import run_job
from pipeline_kit.runner.job_run import JobRun
from tests.projects import kit, write_project
from tests.robustness import killing
from tests.robustness.conftest import Undisturbed
from tests.robustness.disks import filled, read_only, small_disk
from tests.robustness.small_project import make_project

PAGES_LEFT = (0, 1, 2, 3, 4, 6, 8, 11, 15, 20, 28, 64, 200, 600)
"""Of 4 KiB: a disk that is full at another of the writes each time, the kit's and the project's."""


def test_a_full_disk_is_named_and_the_same_command_goes_on_when_there_is_space(
    tmp_path: Path, undisturbed: Undisturbed, count: Callable[[str, int], None]
) -> None:
    """Whichever write it is that does not fit: exit 3, the error by its name, nothing torn, no fault of the kit."""
    codes = []
    with small_disk(tmp_path / "disk", "12m") as disk:
        folder = make_project(disk / "project")
        for pages in PAGES_LEFT:
            killing.forget(folder)
            with filled(disk, pages_left=pages):
                done = kit(folder, "run")
            said = done.stdout + done.stderr
            codes.append(done.returncode)
            assert done.returncode in (0, ExitCode.INFRASTRUCTURE), said
            assert done.returncode == 0 or "No space left on device" in said, said
            assert "Traceback" not in said or "code.py" in said or "step.py" in said, said
            assert killing.torn(folder) == []
            again = kit(folder, "run")
            assert again.returncode == 0, again.stdout + again.stderr
            assert killing.digests(folder) == undisturbed.digests
            assert killing.leftovers(folder) == []
    count("runs on a disk that became full", codes.count(ExitCode.INFRASTRUCTURE))


@pytest.mark.parametrize("name", [".", ".pipeline-kit", "out", "work", "tmp", "locks", "why", "report"])
@pytest.mark.parametrize("command", [["run"], ["job", "a"]], ids=["run", "job"])
def test_a_read_only_folder_is_named(
    tmp_path: Path, name: str, command: list[str], count: Callable[[str, int], None]
) -> None:
    """Exit 3 and the folder's name; where it can be written again, the same command works."""
    folder = tmp_path / "project"
    folder.mkdir()
    write_project(folder, "  a: {stage: probe}\n")
    place = folder / name if name.startswith(".") else folder / ".pipeline-kit" / name
    with read_only(place):
        done = kit(folder, *command)
    if (name, command[0]) != ("report", "job"):  # only a run writes a report
        assert done.returncode == ExitCode.INFRASTRUCTURE, done.stdout + done.stderr
        assert "Read-only file system" in done.stdout + done.stderr
        assert name.lstrip(".") in done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr
    assert kit(folder, *command).returncode == 0
    count("read-only folders named, and the same command works later", 1)


def test_a_cache_that_takes_nothing_fails_no_job(tmp_path: Path) -> None:
    """The results are there; only the next run will not find them."""
    folder = tmp_path / "project"
    folder.mkdir()
    write_project(folder, "  a: {stage: probe}\n")
    with read_only(folder / ".pipeline-kit" / "cache"):
        done = kit(folder, "run")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the result was not cached: Read-only file system" in done.stderr


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EROFS, errno.EDQUOT])
def test_an_error_of_the_disk_at_each_write_in_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, count: Callable[[str, int], None]
) -> None:
    """Each time the record says infrastructure, or an error with the file's name does; a run without it passes."""
    write_project(tmp_path, "  a: {stage: probe}\n")
    project = open_project(tmp_path)
    real, calls, failing = os.fsync, 0, 0

    def fsync(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls == failing:
            raise OSError(number, os.strerror(number))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)

    def code(failing_write: int) -> int:
        nonlocal calls, failing
        calls, failing = 0, failing_write
        run = JobRun(project.job("a"), project.descriptor, project.catalog, project.folders, lambda line: None)
        try:
            return exit_code(run_job(run))
        except KitError as error:
            assert os.strerror(number) in error.message
            assert ".pipeline-kit" in error.message
            assert error.category.value == "infrastructure"
            return ExitCode.INFRASTRUCTURE

    assert code(0) == 0
    writes = calls
    for write in range(1, writes + 1):
        assert code(write) == ExitCode.INFRASTRUCTURE
        assert killing.torn(tmp_path) == []
        assert killing.leftovers(tmp_path) == []
    assert code(0) == 0
    assert json.loads((tmp_path / ".pipeline-kit/out/a/result.json").read_text())["outcome"] == "passed"
    count("errors of the disk, one write after another", writes)
