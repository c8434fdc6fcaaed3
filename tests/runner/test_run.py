"""`pipeline-kit run` and `job`: outcomes, order, cache, signals, and what is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.projects import commit, kit, start_kit, write_project

CHAIN = """
  a: {stage: probe, text: one}
  b: {stage: probe, needs: [a], text: two}
  c: {stage: probe, needs: [b], inputs: [data/x.txt]}
"""


def result(folder: Path, job: str) -> dict[str, Any]:
    text = (folder / ".pipeline-kit" / "out" / job / "result.json").read_text()
    return dict(json.loads(text))


def outcomes(folder: Path, *arguments: str, **variables: str) -> dict[str, str]:
    done = kit(folder, "run", "--json", *arguments, **variables)
    assert done.stdout, done.stderr
    return {name: record["outcome"] for name, record in json.loads(done.stdout).items()}


@pytest.fixture
def chain(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x.txt").write_text("x")
    return write_project(tmp_path, CHAIN)


def test_a_job_sees_its_declared_inputs_and_nothing_else(chain: Path) -> None:
    """The workspace is a copy of what the job declares; without inputs, of every file that git does not ignore."""
    (chain / "new.txt").write_text("not tracked yet")
    done = kit(chain, "run")
    assert done.returncode == 0, done.stdout + done.stderr
    _, everything = json.loads((chain / ".pipeline-kit/out/a/note.txt").read_text())
    _, declared = json.loads((chain / ".pipeline-kit/out/c/note.txt").read_text())
    assert everything == [".gitignore", "data", "new.txt", "pipeline-kit.yml"]
    assert declared == ["data"]
    assert result(chain, "c")["inputs"].keys() == {"data/x.txt", "b.note"}
    assert not (chain / ".pipeline-kit" / "work" / "a").exists()


def test_run_again_it_is_taken_from_the_cache_and_says_so(chain: Path) -> None:
    """Only what changed runs; `why` names it."""
    assert kit(chain, "run").returncode == 0
    again = kit(chain, "run", "--json")
    assert all(record["cached"] for record in json.loads(again.stdout).values())
    (chain / "data" / "x.txt").write_text("y")
    third = json.loads(kit(chain, "run", "--json").stdout)
    assert {name: record["cached"] for name, record in third.items()} == {"a": False, "b": False, "c": False}
    assert "inputs: data/x.txt" in kit(chain, "why", "c").stdout
    uncached = json.loads(kit(chain, "run", "--json", "--no-cache").stdout)
    assert not any(record["cached"] for record in uncached.values())


def test_the_cache_puts_back_what_was_lost_or_changed(chain: Path) -> None:
    """Results that were tampered with are restored by digest."""
    assert kit(chain, "run").returncode == 0
    note = chain / ".pipeline-kit/out/a/note.txt"
    before = note.read_text()
    note.write_text("tampered")
    assert kit(chain, "run").returncode == 0
    assert note.read_text() == before


def test_what_an_earlier_job_did_not_report_is_refused(chain: Path) -> None:
    """A job that runs alone, as on a CI server, verifies what it takes."""
    assert kit(chain, "run").returncode == 0
    (chain / ".pipeline-kit/out/a/note.txt").write_text("tampered")
    done = kit(chain, "job", "b")
    assert done.returncode == 1
    assert "recorded sha256:" in done.stdout
    assert result(chain, "b")["category"] == "model"


def test_a_job_whose_need_left_nothing_says_what_to_run(chain: Path) -> None:
    """The message names the command."""
    done = kit(chain, "job", "b")
    assert done.returncode == 2
    assert "pipeline-kit run a" in done.stdout


def test_what_needs_a_stopped_job_is_skipped_and_nothing_else_is(tmp_path: Path) -> None:
    """Failed and undecided stop their dependents alike; the rest of the plan goes on."""
    jobs = """
  a: {stage: probe}
  bad: {stage: probe, needs: [a], end: failed}
  thin: {stage: probe, needs: [a], end: undecided}
  after_bad: {stage: probe, needs: [bad]}
  after_thin: {stage: probe, needs: [thin]}
  last: {stage: probe, needs: [after_thin]}
  other: {stage: probe, needs: [a]}
"""
    write_project(tmp_path, jobs)
    done = kit(tmp_path, "run", "--json")
    assert done.returncode == 1
    assert {name: record["outcome"] for name, record in json.loads(done.stdout).items()} == {
        "a": "passed",
        "bad": "failed",
        "thin": "undecided",
        "after_bad": "skipped",
        "after_thin": "skipped",
        "last": "skipped",
        "other": "passed",
    }
    assert kit(tmp_path, "run", "after_thin").returncode == 4


def test_a_recorded_decision_lets_an_undecided_job_pass(tmp_path: Path) -> None:
    """A person's reason, kept in the repository and keyed by the evidence."""
    write_project(tmp_path, "  thin: {stage: probe, end: undecided}\n")
    assert kit(tmp_path, "decide", "thin", "--reason", "x", "--by", "me").returncode == 2
    assert kit(tmp_path, "job", "thin").returncode == 4
    assert "needs a reason" in kit(tmp_path, "decide", "thin", "--reason", " ", "--by", "me").stderr
    done = kit(tmp_path, "decide", "thin", "--reason", "the test set is small on purpose", "--by", "me")
    assert done.returncode == 0, done.stderr
    assert kit(tmp_path, "job", "thin").returncode == 0


def test_a_manual_job_waits_until_it_is_named(tmp_path: Path) -> None:
    """What needs it waits too; a waiting job is no failure."""
    write_project(tmp_path, "  a: {stage: probe, when: manual}\n  b: {stage: probe, needs: [a]}\n")
    assert outcomes(tmp_path) == {"a": "waiting", "b": "waiting"}
    assert outcomes(tmp_path, "a") == {"a": "passed"}


def test_a_fault_of_the_kit_is_70_with_a_traceback_in_the_log(tmp_path: Path) -> None:
    """It is told apart from a fault of the project."""
    write_project(tmp_path, "  a: {stage: probe, end: crash}\n")
    done = kit(tmp_path, "job", "a")
    assert done.returncode == 70
    assert "ValueError: no such thing" in (tmp_path / ".pipeline-kit/out/a/log.txt").read_text()
    assert result(tmp_path, "a")["category"] == "internal"


@pytest.mark.parametrize("command", [["job", "a"], ["run"]])
def test_a_stage_that_exits_has_not_passed(tmp_path: Path, command: list[str]) -> None:
    """Whatever the exit code: the server, or `run`, would take 0 for a job that did its work."""
    write_project(tmp_path, "  a: {stage: probe, end: exit}\n  b: {stage: probe, needs: [a]}\n")
    done = kit(tmp_path, *command)
    assert done.returncode == 70
    assert result(tmp_path, "a")["outcome"] == "failed"
    assert "SystemExit: 0" in done.stdout


def test_infrastructure_is_tried_once_more_by_the_executor(tmp_path: Path) -> None:
    """Exit 3, twice at the most."""
    folder = tmp_path / "project"
    folder.mkdir()
    write_project(folder, "  a: {stage: probe, end: infrastructure}\n")
    done = kit(folder, "run", TRIES=str(tmp_path / "tries"))
    assert done.returncode == 3
    assert (tmp_path / "tries").read_text() == "xx"
    assert kit(folder, "job", "a", TRIES=str(tmp_path / "tries")).returncode == 3
    assert (tmp_path / "tries").read_text() == "xxx"


def test_a_killed_job_is_named_and_the_same_command_finishes_the_work(tmp_path: Path) -> None:
    """No result is no result: the next run does the job again."""
    write_project(tmp_path, "  a: {stage: probe, end: kill}\n  b: {stage: probe, needs: [a]}\n")
    done = kit(tmp_path, "run", "--json")
    records = json.loads(done.stdout)
    assert done.returncode == 3
    assert "killed by SIGKILL" in records["a"]["reason"]
    assert records["b"]["outcome"] == "skipped"
    descriptor = tmp_path / "pipeline-kit.yml"
    descriptor.write_text(descriptor.read_text().replace("end: kill", "end: passed"))
    assert kit(tmp_path, "run").returncode == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("command", [["run"], ["job", "a"]])
def test_an_interrupted_run_stops_its_children_and_can_go_on(
    tmp_path: Path, number: signal.Signals, code: int, command: list[str]
) -> None:
    """Exit 130 or 143, no process left, a record that says so."""
    folder, mark = tmp_path / "a project", tmp_path / "mark"
    folder.mkdir()
    write_project(folder, "  a: {stage: probe, end: wait}\n")
    process = start_kit(folder, *command, MARK=str(mark))
    wait_for(mark.exists)
    process.send_signal(number)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == code, output
    assert result(folder, "a")["category"] == "interrupted"
    assert children_of(folder) == []


def test_two_runs_at_once_in_one_directory(tmp_path: Path) -> None:
    """The second says that another is going on, changes nothing, and exits 3."""
    folder, mark = tmp_path / "project", tmp_path / "mark"
    folder.mkdir()
    write_project(folder, "  a: {stage: probe, end: wait}\n")
    process = start_kit(folder, "run", MARK=str(mark))
    wait_for(mark.exists)
    second = kit(folder, "run")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert second.returncode == 3
    assert "another run is active" in second.stderr


def test_a_secret_reaches_the_job_and_no_file(tmp_path: Path) -> None:
    """It is masked in what is printed, in the log, and in the record."""
    extra = "secrets:\n  token: {type: text, gitlab: TOKEN, jenkins: token}"
    write_project(tmp_path, "  a: {stage: probe, secrets: [token], text: abcdefgh12}\n", extra)
    missing = kit(tmp_path, "job", "a")
    assert missing.returncode == 2
    assert "PIPELINE_KIT_SECRET_TOKEN is not set" in missing.stdout
    done = kit(tmp_path, "job", "a", PIPELINE_KIT_SECRET_TOKEN="correct horse battery")
    assert done.returncode == 0, done.stdout
    assert "correct horse" not in done.stdout
    assert "[secret]" in done.stdout
    written = [path for path in (tmp_path / ".pipeline-kit").rglob("*") if path.is_file()]
    assert not any("correct horse" in path.read_text(errors="replace") for path in written)
    short = kit(tmp_path, "job", "a", PIPELINE_KIT_SECRET_TOKEN="abc")
    assert short.returncode == 2
    assert "shorter than 8" in short.stdout


def test_it_works_outside_a_repository_and_in_a_path_with_a_space(tmp_path: Path) -> None:
    """Git is not needed; hidden folders and environments are then left out."""
    folder = tmp_path / "a project é"
    folder.mkdir()
    write_project(folder, "  a: {stage: probe}\n")
    subprocess.run(["rm", "-rf", str(folder / ".git")], check=True)
    assert kit(tmp_path, "-C", str(folder), "run").returncode == 0
    assert result(folder, "a")["commit"] is None


def test_a_wrong_name_gets_the_nearest(chain: Path) -> None:
    """And exit 2."""
    for command in (["job", "bb"], ["run", "bb"], ["why", "bb"]):
        done = kit(chain, *command)
        assert done.returncode == 2
        assert "did you mean `b`?" in done.stderr


def test_the_commit_is_recorded(chain: Path) -> None:
    """A result says which commit it is of."""
    commit(chain) if not (chain / ".git").exists() else None
    assert kit(chain, "run").returncode == 0
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=chain, capture_output=True, text=True, check=True)
    assert result(chain, "a")["commit"] == head.stdout.strip()


def wait_for(condition: Any) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not happen within a minute"
        os.sched_yield()


def children_of(folder: Path) -> list[str]:
    """Processes that still work in the folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if (entry / "cwd").readlink() == folder:
                    found.append((entry / "cmdline").read_text())
            except OSError:
                continue
    return found


def test_links_and_submodules_come_along(tmp_path: Path) -> None:
    """A link to a folder stays one, a link to a file becomes its content, one that leads out is refused."""
    folder = tmp_path / "project"
    (folder / "real").mkdir(parents=True)
    (folder / "real" / "x.txt").write_text("x")
    (folder / "link").symlink_to("real")
    (folder / "gone").symlink_to("nowhere")
    (folder / "copied.txt").symlink_to("real/x.txt")
    write_project(folder, "  a: {stage: probe}\n")
    inner = folder / "inner"
    inner.mkdir()
    (inner / "y.txt").write_text("y")
    commit(inner)
    assert kit(folder, "run").returncode == 0
    assert set(result(folder, "a")["inputs"]) >= {"real/x.txt", "link", "copied.txt", "inner/y.txt"}
    assert "gone" not in result(folder, "a")["inputs"]
    (tmp_path / "folder").mkdir()
    (folder / "away").symlink_to(tmp_path / "folder")
    refused = kit(folder, "job", "a")
    assert refused.returncode == 2
    assert "away is a link that leads out of the project" in refused.stdout
    (folder / "away").unlink()
    for target in ("/proc/self/environ", tmp_path / "outside.txt", "../outside.txt"):
        (tmp_path / "outside.txt").write_text("outside")
        (folder / "away.txt").symlink_to(target)
        refused = kit(folder, "job", "a", A_SECRET="of the environment")
        assert refused.returncode == 2
        assert "away.txt is a link that leads out of the project" in refused.stdout
        (folder / "away.txt").unlink()


@pytest.mark.parametrize("link", ["x.csv", "folder/x.csv", "folder"])
def test_the_kernels_files_are_no_data(link: str, tmp_path: Path) -> None:
    """Declared data may be anywhere, but not in the kit's own process: its environment has all secrets."""
    path = tmp_path / link
    path.parent.mkdir(exist_ok=True)
    path.symlink_to("/proc/self" if link == "folder" else "/proc/self/environ")
    declared = "folder/environ" if link == "folder" else link.partition("/")[0]
    write_project(tmp_path, "  check: {}\n", f"data: {{x: {{path: {declared}}}}}")
    ended = kit(tmp_path, "run", A_SECRET="of-the-environment")
    assert ended.returncode != 0
    assert "it leads to a file of the machine's kernel" in ended.stdout
    assert "of-the-environment" not in ended.stdout + ended.stderr


def test_what_is_declared_of_the_data_decides_too(tmp_path: Path) -> None:
    """A stage judges the data by its declaration, so a changed one meets no old result."""
    (tmp_path / "x.csv").write_text("age\n7\n")
    data = "data:\n  x: {path: x.csv, columns: {age: {type: integer, max: 9}}}"
    write_project(tmp_path, "  check: {}\n", data)
    assert kit(tmp_path, "run").returncode == 0
    descriptor = tmp_path / "pipeline-kit.yml"
    descriptor.write_text(descriptor.read_text().replace("max: 9", "max: 5"))
    assert kit(tmp_path, "run").returncode == 1
    assert "the declaration of data: x" in kit(tmp_path, "why", "check").stdout


def test_a_file_named_like_a_job_is_a_file(tmp_path: Path) -> None:
    """`a.txt` beside a job `a` is no output of it."""
    (tmp_path / "a.txt").write_text("x")
    write_project(tmp_path, "  a: {stage: probe}\n  b: {stage: probe, needs: [a], inputs: [a.txt, a.note]}\n")
    assert kit(tmp_path, "run").returncode == 0
    _, seen = json.loads((tmp_path / ".pipeline-kit/out/b/note.txt").read_text())
    assert seen == ["a.txt"]


def test_a_script_that_loses_its_right_to_run_is_another_input(tmp_path: Path) -> None:
    """A copy of it could not be executed either, so the cache does not answer."""
    script = tmp_path / "tool.sh"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    write_project(tmp_path, "  a: {stage: probe, inputs: [tool.sh]}\n")
    assert kit(tmp_path, "run").returncode == 0
    script.chmod(0o644)
    assert not json.loads(kit(tmp_path, "run", "--json").stdout)["a"]["cached"]


def test_a_recorded_decision_runs_nothing_again_but_the_job_it_is_about(tmp_path: Path) -> None:
    """The file of decisions is no input of any job."""
    write_project(tmp_path, "  a: {stage: probe}\n  thin: {stage: probe, needs: [a], end: undecided}\n")
    assert kit(tmp_path, "run").returncode == 4
    assert kit(tmp_path, "decide", "thin", "--reason", "it is enough", "--by", "me").returncode == 0
    done = kit(tmp_path, "run", "--json")
    assert done.returncode == 0, done.stdout
    assert json.loads(done.stdout)["a"]["cached"]
