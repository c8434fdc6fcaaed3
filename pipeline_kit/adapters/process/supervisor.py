"""Supervises one command so that nothing outlives the kit: `python supervisor.py PARENT STATUS LOCKS COMMAND ARG...`.

A process that is killed by SIGKILL cannot end its children. So the kit starts each command through this one: small,
single-threaded, standard library only. It starts the command in a session of its own, waits for it, and exits with the
command's exit code or by its signal. When the command ends, when PARENT ends, or on a signal, it ends everything that
the command started: on Linux every descendant (it is their "child subreaper"), elsewhere the process group. When it is
killed itself, the command ends too (Linux).

SIGTERM, SIGINT and SIGHUP stop the command by SIGTERM and, ten seconds later, SIGKILL; SIGQUIT stops it at once.
STATUS is a file descriptor that gets the error number when the command cannot be started. LOCKS are file descriptors
of the kit's locks, with commas between: they stay locked until everything has ended. The command does not inherit them.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Iterable

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 1, 4, 36  # prctl(2)
GRACE_SECONDS = 10.0
LOOK_SECONDS = 1.0
GENTLY = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
ENDINGS = {signal.SIGCHLD, signal.SIGALRM}
AWAITED = {*GENTLY, signal.SIGQUIT, *ENDINGS}
IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)


def control(option: int, value: int) -> None:
    """Calls prctl(2) on Linux."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value)


def start(command: list[str], status: int, mask: Iterable[int]) -> int:
    """Starts the command in a session of its own and returns its process id."""
    supervisor = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        control(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != supervisor:
            os._exit(1)
        for number in IGNORED_BY_PYTHON:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        os.execvp(command[0], command)
    except OSError as error:
        os.write(status, str(error.errno).encode())
    finally:
        os._exit(127)


def reap(awaited: int) -> tuple[int | None, bool]:
    """Reaps the children that ended: the status of the awaited one if it has, and whether a child is left."""
    awaited_status = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return awaited_status, False
        if pid == awaited:
            awaited_status = status
        if pid == 0:
            return awaited_status, True


def children() -> list[int]:
    """The process ids of this process's children; Linux only."""
    if sys.platform != "linux":
        return []
    parent = str(os.getpid())
    with os.scandir("/proc") as entries:
        return [int(entry.name) for entry in entries if entry.name.isdigit() and parent_of(entry.name) == parent]


def parent_of(process: str) -> str | None:
    """The process id of a process's parent, None where the process has ended."""
    try:
        descriptor = os.open(f"/proc/{process}/stat", os.O_RDONLY)
        try:
            return os.read(descriptor, 4096).rpartition(b")")[2].split()[1].decode()
        finally:
            os.close(descriptor)
    except (OSError, IndexError):
        return None


def send(number: int, group: int) -> None:
    """Sends a signal to the command's process group."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return


def end_all(command: int) -> None:
    """Kills the command's process group and all its descendants: an orphan becomes a child of this process."""
    send(signal.SIGKILL, command)
    deadline = time.monotonic() + GRACE_SECONDS  # a process in an uninterruptible disk wait may not end
    while reap(0)[1] and time.monotonic() < deadline:
        for pid in children():
            os.kill(pid, signal.SIGKILL)
        signal.sigwait(ENDINGS)


def supervise(command: int, parent: int) -> int:
    """Waits for the command, stops it on a signal or when the parent ends, and returns its status."""
    deadline = None
    status = None
    while status is None:
        number = signal.sigwait(AWAITED)
        status, _ = reap(command)
        if status is not None or number == signal.SIGQUIT or (deadline is not None and time.monotonic() >= deadline):
            break
        if deadline is None and (number in GENTLY or os.getppid() != parent):
            deadline = time.monotonic() + GRACE_SECONDS
            send(signal.SIGTERM, command)
    if status is None:
        send(signal.SIGKILL, command)
        _, status = os.waitpid(command, 0)
    end_all(command)
    return status


def end_like(status: int) -> None:
    """Ends this process as the command ended: with its exit code, or by its signal, without a core file."""
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        control(PR_SET_DUMPABLE, 0)
        if -code not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(-code, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.kill(os.getpid(), -code)
    os._exit(code if code >= 0 else 128 - code)


def main(arguments: list[str]) -> None:
    """Supervises one command, from its start to the end of everything that it started."""
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, AWAITED)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)  # a signal ignored by default may not stay pending
    parent, status = int(arguments[0]), int(arguments[1])
    control(PR_SET_PDEATHSIG, signal.SIGTERM)
    control(PR_SET_CHILD_SUBREAPER, 1)
    for descriptor in (status, *(int(lock) for lock in arguments[2].split(",") if lock)):
        os.set_inheritable(descriptor, False)
    if os.getppid() != parent:
        os._exit(1)
    command = start(arguments[3:], status, mask)
    signal.setitimer(signal.ITIMER_REAL, LOOK_SECONDS, LOOK_SECONDS)
    end_like(supervise(command, parent))


if __name__ == "__main__":
    main(sys.argv[1:])
