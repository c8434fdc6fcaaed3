"""Runs a process: streams its lines, and ends everything that it started, whatever happens."""

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
"""Longer lines are cut. A line is buffered to its end, so that a secret anywhere in it is found."""
GRACE_SECONDS = 15.0
"""The supervisor waits ten seconds between SIGTERM and SIGKILL, then reaps what is left."""
POLL_SECONDS = 0.5
SUPERVISOR = Path(__file__).with_name("supervisor.py")

RUNNING: set[subprocess.Popen[bytes]] = set()
"""The supervisors that this process started, for `hurry`."""


def run_process(
    argv: Sequence[str],
    *,
    cwd: Path,
    variables: Mapping[str, str],
    on_line: Callable[[str], None],
    timeout_seconds: float | None = None,
) -> Completed:
    """Runs a command to its end; `on_line` gets each line of its standard output and error.

    The command runs under a supervisor (see `supervisor.py`). However this returns or raises (a time limit, a signal),
    the command and everything that it started gets SIGTERM and, ten seconds later, SIGKILL, even when this process is
    killed. Raises ProjectError when the command cannot be started.
    """
    started = time.monotonic()
    tail: deque[str] = deque(maxlen=TAIL_LINES)
    timed_out = False
    with supervised(argv, cwd, variables) as process:
        deadline = started + timeout_seconds if timeout_seconds is not None else None
        for line in lines_of(process, deadline):
            tail.append(line)
            on_line(line)
        timed_out = deadline is not None and time.monotonic() >= deadline and process.poll() is None
    return Completed(process.returncode, tuple(tail), time.monotonic() - started, timed_out)


@contextlib.contextmanager
def supervised(argv: Sequence[str], cwd: Path, variables: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """The supervisor of a command; both have ended when the block ends."""
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
    """Starts a command's supervisor, which inherits this process's locks. Raises KitError where that fails."""
    held = sorted(HELD_LOCKS)
    locks = ",".join(str(descriptor) for descriptor in held)
    supervisor = [sys.executable, "-I", "-S", "-X", "utf8", str(SUPERVISOR), str(os.getpid()), str(status), locks]
    try:
        return subprocess.Popen(
            [*supervisor, *argv],
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
        raise InfrastructureError(f"this machine cannot start a process: {error.strerror}", hint=str(error)) from error


def not_started(command: str, reason: str) -> ProjectError:
    """The error for a command that cannot be started."""
    return ProjectError(f"cannot start {command!r}: {reason}", hint="check that it is installed and spelled correctly")


def lines_of(process: subprocess.Popen[bytes], deadline: float | None) -> Iterator[str]:
    """The process's lines, until it closes its output or ends, or the deadline (of `time.monotonic`) passes.

    A carriage return ends a line too: a progress bar must not become one line of megabytes.
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
                yield from (line.decode(errors="replace") for line in whole)
                pending = pending[:LONGEST_LINE]
            elif process.poll() is not None:  # a process that it left behind still has the pipe open
                break
    if pending:
        yield pending.decode(errors="replace")


def end(process: subprocess.Popen[bytes]) -> None:
    """Ends a supervised command and everything that it started. All of it has ended when this returns or raises."""
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
    """Ends a supervised command without time to clean up."""
    process.send_signal(signal.SIGQUIT)
    try:
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def hurry() -> None:
    """Ends the running commands at once, as on a second Ctrl-C. Safe in a signal handler."""
    for process in tuple(RUNNING):
        process.send_signal(signal.SIGQUIT)
