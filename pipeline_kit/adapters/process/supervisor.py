"""Keeps a process of the kit's from outliving it: `python supervisor.py PARENT STATUS HELD COMMAND ARGUMENT...`.

A process that is killed by SIGKILL can end nothing, so each command that the kit starts has this one between: small,
single-threaded, of the standard library only. It starts the command in a session of its own, waits for it, and ends
as it ended, with its exit code or by its signal. When the command has ended, or PARENT has, or it is told to stop, it
ends all that the command has started: on Linux everything that descends from it (it is their "child subreaper"),
elsewhere its process group. Killed itself, it takes the command along (Linux).

SIGTERM, SIGINT and SIGHUP stop the command gently, by SIGTERM and ten seconds later by SIGKILL; SIGQUIT stops it at
once. STATUS is a descriptor to which the number of the error is written when the command cannot be started. HELD are
descriptors with commas between: locks of the kit, so held until all has ended; the command does not inherit them.
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
    """Calls prctl(2) where there is one."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value)


def start(command: list[str], status: int, mask: Iterable[int]) -> int:
    """Starts the command in a session of its own and returns its process."""
    keeper = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        control(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != keeper:
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
    """The status of the awaited process if it has ended, and whether any child is left; collects those that ended."""
    found = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found, False
        if pid == awaited:
            found = status
        if pid == 0:
            return found, True


def children() -> list[int]:
    """The processes whose parent is this one, where there is a /proc to tell."""
    own = str(os.getpid())
    found: list[int] = []
    if sys.platform != "linux":
        return found
    with os.scandir("/proc") as entries:
        for entry in entries:
            if entry.name.isdigit() and parent_of(entry.name) == own:
                found.append(int(entry.name))
    return found


def parent_of(process: str) -> str | None:
    """The number of a process's parent, or none where the process has gone."""
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
    """Kills the command's group and all that descends from it: what loses its parent becomes a child of this one."""
    send(signal.SIGKILL, command)
    deadline = time.monotonic() + GRACE_SECONDS  # a process in the kernel's hands may not end before its disk answers
    while reap(0)[1] and time.monotonic() < deadline:
        for pid in children():
            os.kill(pid, signal.SIGKILL)
        signal.sigwait(ENDINGS)


def keep(command: int, parent: int) -> int:
    """Waits for the command, stops it when that is asked for or the parent has gone, and returns its status."""
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
    """Ends this process as the command ended: with its exit code, or by its signal, which must leave no core file."""
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        control(PR_SET_DUMPABLE, 0)
        if -code not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(-code, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.kill(os.getpid(), -code)
    os._exit(code if code >= 0 else 128 - code)


def main(arguments: list[str]) -> None:
    """Keeps one command, from its start to the end of all that it has started."""
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, AWAITED)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)  # what is ignored by default may not stay pending
    parent, status = int(arguments[0]), int(arguments[1])
    control(PR_SET_PDEATHSIG, signal.SIGTERM)
    control(PR_SET_CHILD_SUBREAPER, 1)
    for descriptor in (status, *(int(each) for each in arguments[2].split(",") if each)):
        os.set_inheritable(descriptor, False)
    if os.getppid() != parent:
        os._exit(1)
    command = start(arguments[3:], status, mask)
    signal.setitimer(signal.ITIMER_REAL, LOOK_SECONDS, LOOK_SECONDS)
    end_like(keep(command, parent))


if __name__ == "__main__":
    main(sys.argv[1:])
