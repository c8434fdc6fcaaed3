"""Processes: streamed, bounded, and gone with everything that they started."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline_kit.adapters.files import locked
from pipeline_kit.adapters.process.run import run_process
from pipeline_kit.errors import ProjectError
from tests.robustness import killing


def run(script: str, cwd: Path, **options: float) -> tuple[object, list[str]]:
    lines: list[str] = []
    done = run_process(
        [sys.executable, "-c", script], cwd=cwd, variables=dict(os.environ), on_line=lines.append, **options
    )
    return done, lines


def test_lines_arrive_in_order_and_a_carriage_return_ends_one(tmp_path: Path) -> None:
    """Progress bars become lines, an unfinished last line is not lost, bad UTF-8 does no harm."""
    script = "import sys; sys.stdout.buffer.write(b'a\\r10%\\r20%\\r\\nb\\xff\\nlast'); sys.exit(7)"
    done, lines = run(script, tmp_path)
    assert done.exit_code == 7
    assert lines == ["a", "10%", "20%", "b\ufffd", "last"]


def test_a_time_limit_ends_the_whole_group(tmp_path: Path) -> None:
    """A child that ignores its parent's end is ended with it."""
    script = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    done, lines = run(script, tmp_path, timeout_seconds=2)
    assert done.timed_out
    assert done.exit_code < 0
    deadline = time.monotonic() + 10
    while is_running(int(lines[0])) and time.monotonic() < deadline:
        os.sched_yield()
    assert not is_running(int(lines[0]))


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_a_daemon_that_holds_the_pipe_does_not_hold_the_job(tmp_path: Path) -> None:
    """The process's own end counts, not that of what it left behind."""
    script = (
        "import subprocess, sys\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60); print(\"daemon ended\")'])\n"
        "print('done')\n"
    )
    done, lines = run(script, tmp_path)
    assert done.exit_code == 0
    assert lines == ["done"]  # the daemon's line would be among them if the job had waited for it


def test_a_command_that_is_not_there_is_explained(tmp_path: Path) -> None:
    """No traceback of the kit for a typing error of the project."""
    with pytest.raises(ProjectError, match="cannot start 'no-such-command'"):
        run_process(["no-such-command"], cwd=tmp_path, variables={}, on_line=print)


DAEMON = """
import os, subprocess, sys, time
subprocess.Popen(["sh", "-c", "trap '' TERM HUP; sleep 300"], start_new_session=True)
print("ready", flush=True)
time.sleep(300 if "stay" in sys.argv else 0)
"""
CALLER = """
import os, pathlib, sys
from pipeline_kit.adapters.process.run import run_process
run_process([sys.executable, sys.argv[1], "stay"], cwd=pathlib.Path.cwd(), variables=dict(os.environ), on_line=print)
"""


def test_a_daemon_out_of_the_group_ends_with_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a job leaves running would hold its graphics card, and write into the next job's folder."""
    monkeypatch.setenv(killing.MARK, str(tmp_path))
    (tmp_path / "daemon.py").write_text(DAEMON)
    done = run_process(
        [sys.executable, "daemon.py"], cwd=tmp_path, variables=dict(os.environ), on_line=lambda line: None
    )
    assert done.exit_code == 0
    assert killing.marked(str(tmp_path)) == []


@pytest.mark.parametrize("victim", ["caller", "supervisor", "command"])
def test_whoever_of_the_three_is_killed_the_others_end(tmp_path: Path, victim: str) -> None:
    """The caller's commands end with it; a supervisor takes its command along; a killed command is a failed one."""
    (tmp_path / "daemon.py").write_text(DAEMON.replace("trap '' TERM HUP; sleep 300", "exec sleep 300"))
    variables = {**os.environ, killing.MARK: str(tmp_path)}
    caller = subprocess.Popen(
        [sys.executable, "-c", CALLER, "daemon.py"], cwd=tmp_path, env=variables, stdout=subprocess.PIPE, text=True
    )
    assert caller.stdout is not None
    assert caller.stdout.readline() == "ready\n"
    _, supervisor, command, _ = killing.tree(caller.pid)
    killing.kill([{"caller": caller.pid, "supervisor": supervisor, "command": command}[victim]])
    caller.communicate(timeout=30)
    left = killing.gone(str(tmp_path), 5)
    if victim == "supervisor":  # only it ends a daemon: the command ends with it, a daemon that left the group stays
        assert len(left) <= 1
        killing.kill(left)
    else:
        assert left == []


@pytest.mark.parametrize(("script", "code"), [("exit 7", 7), ("kill -KILL $$", -9), ("kill -SEGV $$", -11)])
def test_the_commands_own_end_is_told(tmp_path: Path, script: str, code: int) -> None:
    """Through the supervisor: its exit code, or its signal."""
    done = run_process(["sh", "-c", script], cwd=tmp_path, variables=dict(os.environ), on_line=print)
    assert done.exit_code == code
    assert list(tmp_path.iterdir()) == []


def test_a_command_gets_what_a_bare_one_gets(tmp_path: Path) -> None:
    """No descriptor of the kit's but the three, the usual signals, nothing at its input."""
    script = (
        "import os, signal, sys\n"
        "print(sorted(int(each) for each in os.listdir('/proc/self/fd') if os.path.exists('/proc/self/fd/' + each)))\n"
        "print(signal.pthread_sigmask(signal.SIG_BLOCK, ()), os.readlink('/proc/self/fd/0'), sorted(os.environ))\n"
        "print(os.getsid(0) == os.getpid(), sys.argv[1:])\n"
    )
    lines: list[str] = []
    with locked(tmp_path / "lock"):
        run_process(
            [sys.executable, "-c", script, "", "-x", "\udcff"],
            cwd=tmp_path,
            variables={"A": "1", "LC_ALL": "C.UTF-8"},
            on_line=lines.append,
        )
    assert lines == ["[0, 1, 2]", "set() /dev/null ['A', 'LC_ALL']", "True ['', '-x', '\\udcff']"]
