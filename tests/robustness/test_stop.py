"""Ctrl-C, SIGTERM, SIGHUP and time limits: children stopped, everything cleaned up, and the work can go on."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline_kit.contract.result import JobRecord
from pipeline_kit.errors import Category, TimeLimitError
from pipeline_kit.project.open import open_project
from pipeline_kit.runner.exit_codes import exit_code
from pipeline_kit.runner.job import run_job
from pipeline_kit.runner.job_run import JobRun
from pipeline_kit.runner.stop import Interrupted
from tests.drill import rounds
from tests.projects import commit, kit, write_project
from tests.robustness import killing
from tests.robustness.conftest import Undisturbed
from tests.robustness.small_project import make_project

TRIES = rounds(20, least=4)
SEED = 11
STUBBORN = """
import os, pathlib, signal, subprocess, time
folder = pathlib.Path(os.environ["SIGNS"])
signal.signal(signal.SIGTERM, lambda number, frame: ((folder / "asked to end").touch(), signal.alarm(8)))
signal.signal(signal.SIGALRM, lambda number, frame: (folder / "had its time").touch())
subprocess.Popen(["sh", "-c", "trap '' TERM; sleep 300"], start_new_session=True)  # a daemon, out of its group
(folder / "works").touch()
while True:
    time.sleep(300)
"""


@pytest.mark.drill
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_at_any_moment_ends_a_run_cleanly(
    tmp_path: Path, number: signal.Signals, undisturbed: Undisturbed, count: Callable[[str, int], None]
) -> None:
    """Exit 143 or 130, no process and no workspace left, no torn file; the same command then finishes the work."""
    chance = random.Random(SEED + number)
    takes_seconds = [undisturbed.seconds]  # and then what the last run took that ended by itself: machines get busy

    def attempt(each: int) -> bool:
        folder = make_project(tmp_path / f"project {each}")
        process = killing.start(folder, "run", mark=folder.as_posix())
        started = time.monotonic()
        try:
            process.wait(takes_seconds[-1] * (0.3 + (each + chance.random()) / TRIES))
            takes_seconds.append(time.monotonic() - started)
        except subprocess.TimeoutExpired:
            process.send_signal(number)
        output, _ = process.communicate(timeout=60)
        assert killing.gone(folder.as_posix(), 2) == [], output
        assert killing.torn(folder) == [], output
        code = process.returncode if process.returncode >= 0 else 128 - process.returncode
        if code:
            assert code == 128 + number, output
            assert killing.leftovers(folder) == [], output
        done = kit(folder, "run")
        assert done.returncode == 0, done.stdout + done.stderr
        assert killing.digests(folder) == undisturbed.digests
        return code != 0

    with ThreadPoolExecutor(2) as threads:
        stopped = sum(threads.map(attempt, range(TRIES)))
    assert stopped >= TRIES // 2
    count(f"runs stopped by {number.name}", stopped)


@contextmanager
def stubborn_run(tmp_path: Path, *command: str) -> Iterator[tuple[subprocess.Popen[str], Path, str]]:
    """A run whose job does not end when it is asked to, and has a daemon; the folder of its signs, and its mark."""
    folder, signs = tmp_path / "project", tmp_path / "signs"
    signs.mkdir(parents=True)
    folder.mkdir()
    (folder / "requirements.lock").write_text("")
    (folder / "stubborn.py").write_text(STUBBORN)
    write_project(folder, "  a: {stage: command, run: [python, stubborn.py]}\n")
    descriptor = folder / "pipeline-kit.yml"
    locked = 'project: {name: demo, python: ">=3.11", lock: requirements.lock}'
    descriptor.write_text(descriptor.read_text().replace("project: {name: demo}", locked))
    commit(folder)
    process = killing.start(folder, *command, mark=str(folder), SIGNS=str(signs))
    try:
        wait_for(signs / "works")
        yield process, signs, str(folder)
    finally:
        killing.kill(killing.marked(str(folder)))
        process.communicate()


def wait_for(path: Path) -> None:
    """Waits until the file is there."""
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline, f"there is no {path.name} within a minute"
        time.sleep(0.01)


@pytest.mark.parametrize("command", [["run"], ["job", "a"]])
def test_a_second_ctrl_c_ends_what_does_not_end_by_itself(tmp_path: Path, command: list[str]) -> None:
    """The first asks, and gives ten seconds; the second does not wait for them."""
    with stubborn_run(tmp_path, *command) as (process, signs, mark):
        process.send_signal(signal.SIGINT)
        wait_for(signs / "asked to end")
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 130, output
        assert not (signs / "had its time").exists()
        assert killing.marked(mark) == []


def hang_up(tmp_path: Path) -> None:
    """A terminal that closes: SIGHUP is a signal like the others."""
    with stubborn_run(tmp_path, "run") as (process, signs, mark):
        process.send_signal(signal.SIGHUP)
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 128 + signal.SIGHUP, output
        assert (signs / "asked to end").exists()
        assert killing.marked(mark) == []


def kill_a_run(tmp_path: Path) -> None:
    """The parent of the jobs is killed."""
    with stubborn_run(tmp_path, "run") as (process, _, mark):
        process.kill()
        assert killing.gone(mark, 20) == []


def kill_a_job(tmp_path: Path) -> None:
    """The one process that a CI server sees is killed."""
    with stubborn_run(tmp_path, "job", "a") as (process, _, mark):
        process.kill()
        assert killing.gone(mark, 20) == []


def start_while_it_ends(tmp_path: Path) -> None:
    """The same command, given while the jobs of a killed run still end, waits for them."""
    with stubborn_run(tmp_path, "run") as (process, signs, mark):
        process.kill()
        wait_for(signs / "asked to end")
        (signs / "works").unlink()
        again = killing.start(tmp_path / "project", "run", mark=mark, SIGNS=str(signs))
        wait_for(signs / "works")
        stubborn = [pid for pid in killing.marked(mark) if "stubborn.py" in command_of(pid)]
        assert len(stubborn) <= 2  # supervisor, command
        again.kill()
        again.communicate()


def command_of(pid: int) -> str:
    """The arguments of a process."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def test_what_does_not_end_by_itself_is_ended_after_ten_seconds(tmp_path: Path) -> None:
    """Even a daemon outside the command's process group, and after the kit was killed: the supervisor ends it."""
    cases = (hang_up, kill_a_run, kill_a_job, start_while_it_ends)
    with ThreadPoolExecutor(len(cases)) as threads:
        for done in [threads.submit(case, tmp_path / case.__name__) for case in cases]:
            done.result()


def limited(folder: Path, seconds: int) -> JobRecord:
    """Job `a` of a project, run here with a time limit shorter than a descriptor may set."""
    project = open_project(folder)
    job = replace(project.job("a"), timeout_seconds=seconds)
    return run_job(JobRun(job, project.descriptor, project.catalog, project.folders, lambda line: None))


def test_the_kits_own_time_limit_ends_a_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The project failed, in the category of its own; a report is left."""
    monkeypatch.setenv("MARK", str(tmp_path / "mark"))
    folder = tmp_path / "project"
    folder.mkdir()
    write_project(folder, "  a: {stage: probe, end: wait}\n")
    record = limited(folder, 1)
    assert (record.category, exit_code(record)) == (Category.TIMEOUT, 1)
    assert killing.torn(folder) == []
    assert "time limit" in (folder / ".pipeline-kit/out/a/junit.xml").read_text()


def test_the_time_limit_ends_a_command_and_what_it_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of it runs on, and its workspace is gone."""
    folder = make_project(tmp_path / "project")
    monkeypatch.setenv(killing.MARK, str(folder))
    descriptor = folder / "pipeline-kit.yml"
    descriptor.write_text(
        "version: 1\nkit: 0.1.0\nproject: {name: demo, lock: requirements.lock}\n"
        "jobs:\n  a: {stage: command, run: [sh, -c, 'sleep 300 & sleep 300']}\n"
    )
    record = limited(folder, 1)
    assert record.category is Category.TIMEOUT
    assert [pid for pid in killing.marked(str(folder)) if pid != os.getpid()] == []
    assert killing.leftovers(folder) == []


def test_two_runs_at_once_leave_one_whole_result(tmp_path: Path) -> None:
    """One of them works, the others say that it does and exit 3."""
    folder = make_project(tmp_path / "project")
    runs = [killing.start(folder, "run", mark=str(folder)) for _ in range(4)]
    outputs = [run.communicate(timeout=60)[0] for run in runs]
    codes = sorted(run.returncode for run in runs)
    assert codes[0] == 0, outputs
    assert set(codes) <= {0, 3}, outputs
    for run, output in zip(runs, outputs, strict=True):
        assert run.returncode == 0 or "another run is active in this directory" in output
    assert killing.torn(folder) == []
    assert killing.digests(folder).keys() == {"a", "b", "c", "d"}
    assert killing.marked(str(folder)) == []


def test_one_job_twice_at_once(tmp_path: Path) -> None:
    """A CI server that starts a job twice in one directory gets one result and one named error."""
    folder = make_project(tmp_path / "project")
    assert kit(folder, "run", "a").returncode == 0
    runs = [killing.start(folder, "job", "b", mark=str(folder)) for _ in range(3)]
    outputs = [run.communicate(timeout=60)[0] for run in runs]
    assert sorted({run.returncode for run in runs})[0] == 0, outputs
    for run, output in zip(runs, outputs, strict=True):
        assert run.returncode == 0 or (run.returncode == 3 and "is already running in this directory" in output)
    assert killing.torn(folder) == []


@pytest.mark.parametrize(
    ("cause", "category"),
    [
        (Interrupted(signal.SIGTERM), Category.INTERRUPTED),
        (TimeLimitError("the job exceeded its time limit"), Category.TIMEOUT),
        (ValueError("a fault"), Category.INTERNAL),
    ],
)
def test_what_stops_a_job_in_the_middle_of_an_import_is_recorded_as_that(
    tmp_path: Path, cause: BaseException, category: Category, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python before 3.12 makes a RuntimeError of it where a class is made at that moment."""
    project = open_project(write_project(tmp_path / "project", "  one: {stage: probe}\n"))
    job = project.job("one")

    def stopped(run: JobRun) -> None:
        raise RuntimeError("Error calling __set_name__ on 'Field' instance") from cause

    monkeypatch.setattr("pipeline_kit.runner.job.run_phases", stopped)
    record = run_job(JobRun(job, project.descriptor, project.catalog, project.folders, lambda line: None))
    assert record.category is category
