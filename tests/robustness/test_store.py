"""A store that fails, stalls and lies: named errors, exit 3 or 1, and the same command goes on when it is mended."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline_kit.adapters.stores.directory import DirectoryStore
from pipeline_kit.contract.digest import digest_bytes
from pipeline_kit.contract.result import JobRecord, Outcome
from pipeline_kit.project.open import open_project
from pipeline_kit.runner import job as runner
from pipeline_kit.runner.exit_codes import ExitCode, exit_code
from pipeline_kit.runner.job_run import JobRun
from tests.projects import commit, kit, write_project
from tests.robustness import killing
from tests.robustness.disks import filled, read_only, small_disk

MODEL = b"weights" * 5000
DIGEST = digest_bytes(MODEL)
STAGE = '''
"""Keeps a model in the store, and takes it from there again."""
from pathlib import Path
from pipeline_kit.contract.result import Outcome, Output, StageResult


def run(context):
    """Passed when what comes back is what was kept."""
    model = context.out / "model.bin"
    if context.settings["end"] == "fetch":
        context.store.fetch(context.store.resolve("production"), model)
    else:
        model.write_bytes(b"weights" * 5000)
        context.store.point("production", context.store.put(model))
    return StageResult(Outcome.PASSED, "kept", outputs={"model": Output("model.bin", "model")})
'''
JOBS = "  put: {stage: probe, end: put}\n  fetch: {stage: probe, needs: [put], end: fetch}\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose jobs keep a model in the store and take it from there; the store is beside it."""
    folder = tmp_path / "project"
    folder.mkdir()
    write_project(folder, JOBS, f"store: {tmp_path}/disk/store")
    (folder / ".pipeline-kit/stages/probe/run.py").write_text(STAGE)
    commit(folder)
    return folder


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    """The project's store, its folder there."""
    (tmp_path / "disk").mkdir()
    return DirectoryStore(tmp_path / "disk" / "store")


def test_a_store_that_is_full_is_named_and_taken_up_again(
    tmp_path: Path, project: Path, count: Callable[[str, int], None]
) -> None:
    """Exit 3, no half an object, no name that points nowhere; with space the same command ends the work."""
    with small_disk(tmp_path / "disk", "2m") as disk:
        for pages in (0, 1, 2, 5):
            with filled(disk, pages_left=pages):
                done = kit(project, "run")
            assert done.returncode == ExitCode.INFRASTRUCTURE, done.stdout + done.stderr
            assert "did not store model.bin" in done.stdout, done.stdout
            assert "No space left on device" in done.stdout
            assert [path for path in disk.rglob("*") if path.is_file() and path.name != "filler"] == []
        assert kit(project, "run").returncode == 0
        assert killing.digests(project)["fetch"] == {"model": DIGEST}
        count("faults of a store", 4)


def test_a_store_that_cannot_be_written_is_named(tmp_path: Path, project: Path, store: DirectoryStore) -> None:
    """A disk that is mounted read-only, and a folder that is a file."""
    with read_only(store.root):
        done = kit(project, "run")
    assert done.returncode == ExitCode.INFRASTRUCTURE
    assert "did not store model.bin: [Errno 30] Read-only file system" in done.stdout
    store.root.rmdir()
    store.root.write_text("no folder")
    done = kit(project, "run")
    assert done.returncode == ExitCode.INFRASTRUCTURE
    assert f"the store {store.root}" in done.stdout
    store.root.unlink()
    assert kit(project, "run").returncode == 0


def test_a_store_that_is_not_mounted_is_not_an_empty_one(tmp_path: Path, project: Path) -> None:
    """Else a gate would find no baseline there, and let the first release pass."""
    done = kit(project, "run")
    assert done.returncode == ExitCode.INFRASTRUCTURE, done.stdout + done.stderr
    assert "check that it is mounted" in done.stdout
    (tmp_path / "disk").mkdir()
    assert kit(project, "run").returncode == 0


LIES: dict[str, Callable[[DirectoryStore], Any]] = {
    "other bytes": lambda store: store.object(DIGEST).write_bytes(b"other"),
    "one byte": lambda store: store.object(DIGEST).write_bytes(MODEL[:-1] + b"S"),
    "truncated": lambda store: store.object(DIGEST).write_bytes(MODEL[:100]),
    "empty": lambda store: store.object(DIGEST).write_bytes(b""),
    "gone": lambda store: store.object(DIGEST).unlink(),
    "a name that is not a digest": lambda store: store.name("production").write_text("latest\n"),
    "a truncated name": lambda store: store.name("production").write_text(DIGEST[:30]),
    "an empty name": lambda store: store.name("production").write_text(""),
    "binary": lambda store: store.name("production").write_bytes(b"\xff\x00"),
}


def test_a_store_that_lies_is_found_out_and_the_lie_is_mended(
    project: Path, store: DirectoryStore, count: Callable[[str, int], None]
) -> None:
    """Exit 1, since what was kept is wrong; the job that keeps it, run again, puts it right."""
    assert kit(project, "run").returncode == 0
    for name, lie in LIES.items():
        lie(store)
        done = kit(project, "job", "fetch")
        assert done.returncode == ExitCode.FAILED, name + done.stdout
        assert "store" in done.stdout
        assert not (project / ".pipeline-kit/out/fetch/model.bin").exists(), name
        if name == "one byte":
            store.object(DIGEST).unlink()  # of the right length: only a person can tell which of the two is wrong
        assert kit(project, "job", "put").returncode == 0
        assert kit(project, "job", "fetch").returncode == 0, name
    count("lies of a store", len(LIES))


def run_with(project: Path, store: DirectoryStore, name: str, monkeypatch: pytest.MonkeyPatch) -> JobRecord:
    """A job, run here with a store that waits for one second only."""
    impatient = DirectoryStore(store.root, silence_seconds=1)
    monkeypatch.setattr("pipeline_kit.adapters.stores.open_store", lambda descriptor, root, variables: impatient)
    opened = open_project(project)
    job = opened.job(name)
    return runner.run_job(JobRun(job, opened.descriptor, opened.catalog, opened.folders, lambda line: None))


@pytest.mark.parametrize("place", ["object", "name"])
def test_a_store_that_stalls_is_given_up(
    project: Path, store: DirectoryStore, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that never answers, as on a dead network disk: here one whose other end nobody opens."""
    assert kit(project, "run").returncode == 0
    path = store.object(DIGEST) if place == "object" else store.name("production")
    content = path.read_bytes()
    path.unlink()
    os.mkfifo(path)
    record = run_with(project, store, "fetch", monkeypatch)
    assert exit_code(record) == ExitCode.INFRASTRUCTURE
    assert "no answer for 1 s" in record.reason
    assert killing.leftovers(project) == []
    with path.open("wb") as file:  # the thread that waits for it may go
        file.write(content)
    path.unlink()
    path.write_bytes(content)
    assert run_with(project, store, "fetch", monkeypatch).outcome is Outcome.PASSED


def test_a_slow_store_is_waited_for_as_long_as_it_goes_on(tmp_path: Path) -> None:
    """Patience is for a stall: what comes piece by piece may take longer than that."""
    silence_seconds = 0.5
    pieces, seconds = 6, 0.2
    assert pieces * seconds > silence_seconds
    store = DirectoryStore(tmp_path / "store", silence_seconds=silence_seconds)

    def slowly(alive: Callable[[], None]) -> str:
        for _ in range(pieces):
            time.sleep(seconds)
            alive()
        return "done"

    assert store._call("is slow", slowly) == "done"
