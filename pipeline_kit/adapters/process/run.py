"""Running a process: its lines streamed, and all that it starts ended whatever happens."""

from __future__ import annotations

import contextlib
import errno
import os
import selectors
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from pipeline_kit.adapters.files import HELD_LOCKS
from pipeline_kit.contract.ports import Completed
from pipeline_kit.errors import InfrastructureError, ProjectError

TAIL_LINES = 60
READ_BYTES = 65_536
LONGEST_LINE = 16 * 1024 * 1024
"""What is longer is cut: a line is held whole until its end, so that a secret in it is found wherever it stands."""
GRACE_SECONDS = 15.0
"""The keeper gives the command ten seconds between SIGTERM and SIGKILL, and then collects what that leaves."""
POLL_SECONDS = 0.5
KEEPER = Path(__file__).with_name("supervisor.py")

RUNNING: set[subprocess.Popen[bytes]] = set()
"""The keepers of this process, for `hurry`."""


def run_process(
    argv: Sequence[str],
    *,
    cwd: Path,
    variables: Mapping[str, str],
    on_line: Callable[[str], None],
    timeout_seconds: float | None = None,
) -> Completed:
    """How the process ended, its standard output and error streamed together to `on_line`, a line a time.

    Between it and this process stands a keeper (see `supervisor.py`). However this returns or raises (a time limit, a
    signal), the process gets SIGTERM and, ten seconds later, SIGKILL, and so does whatever it started; that holds too
    when this process is killed. Raises ProjectError when the command cannot be started.
    """
    started = time.monotonic()
    tail: deque[str] = deque(maxlen=TAIL_LINES)
    timed_out = False
    with kept_process(argv, cwd, variables) as process:
        deadline = started + timeout_seconds if timeout_seconds is not None else None
        for line in lines_of(process, deadline):
            tail.append(line)
            on_line(line)
        timed_out = deadline is not None and time.monotonic() >= deadline and process.poll() is None
    return Completed(process.returncode, tuple(tail), time.monotonic() - started, timed_out)


@contextlib.contextmanager
def kept_process(argv: Sequence[str], cwd: Path, variables: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process under its keeper, which has ended when the block has."""
    reading, writing = os.pipe()
    try:
        process = start(argv, cwd, variables, writing)
        RUNNING.add(process)
        try:
            yield process
        finally:
            end(process)
            RUNNING.discard(process)
        os.close(writing)
        writing = -1
        refused = os.read(reading, READ_BYTES)
    finally:
        os.close(reading)
        if writing >= 0:
            os.close(writing)
    if refused:
        raise not_started(argv[0], os.strerror(int(refused)))


def start(argv: Sequence[str], cwd: Path, variables: Mapping[str, str], status: int) -> subprocess.Popen[bytes]:
    """Starts the keeper of a command, with the locks that this process holds. Raises KitError where that fails."""
    held = sorted(HELD_LOCKS)
    names = ",".join(str(each) for each in held)
    keeper = [sys.executable, "-I", "-S", "-X", "utf8", str(KEEPER), str(os.getpid()), str(status), names]
    try:
        return subprocess.Popen(
            [*keeper, *argv],
            cwd=cwd,
            env=dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=(status, *held),
        )
    except ValueError as error:
        raise not_started(argv[0], str(error)) from error
    except OSError as error:
        if error.errno == errno.E2BIG:
            raise not_started(argv[0], os.strerror(errno.E2BIG)) from error
        raise InfrastructureError(f"this machine starts no process: {error.strerror}", hint=str(error)) from error


def not_started(command: str, reason: str) -> ProjectError:
    """The error for a command that cannot be started."""
    return ProjectError(f"cannot start {command!r}: {reason}", hint="is it installed, and is its name right?")


def lines_of(process: subprocess.Popen[bytes], deadline: float | None) -> Iterator[str]:
    """The process's lines until it closes its output, ends, or the deadline (of `time.monotonic`) passes.

    A carriage return ends a line too, so that progress bars do not grow into one line of megabytes.
    """
    assert process.stdout is not None
    pending = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while deadline is None or time.monotonic() < deadline:
            wait = POLL_SECONDS if deadline is None else min(POLL_SECONDS, max(0.0, deadline - time.monotonic()))
            if selector.select(wait):
                chunk = os.read(process.stdout.fileno(), READ_BYTES)
                if not chunk:
                    break
                pending = (pending + chunk).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
                *whole, pending = pending.split(b"\n")
                yield from (each.decode(errors="replace") for each in whole)
                pending = pending[:LONGEST_LINE]
            elif process.poll() is not None:  # something it left behind still holds the pipe
                break
    if pending:
        yield pending.decode(errors="replace")


def end(process: subprocess.Popen[bytes]) -> None:
    """Ends a kept process and everything that it started; all of it is gone when this returns, or a signal raises."""
    try:
        if process.stdout is not None and process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.05)
        process.terminate()
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        end_at_once(process)
    except BaseException:
        end_at_once(process)
        raise
    finally:
        if process.stdout is not None:
            process.stdout.close()


def end_at_once(process: subprocess.Popen[bytes]) -> None:
    """Ends a kept process without giving it time to clean up."""
    process.send_signal(signal.SIGQUIT)
    try:
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def hurry() -> None:
    """Ends the running processes at once: what a second Ctrl-C asks for. Safe to call from a signal handler."""
    for process in tuple(RUNNING):
        process.send_signal(signal.SIGQUIT)
