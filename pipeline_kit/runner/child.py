"""Runs a job in a forked process: in its own session, its output through a pipe, ended when its parent ends."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from pipeline_kit.runner.exit_codes import ExitCode
from pipeline_kit.runner.stop import STOPPING

PR_SET_PDEATHSIG = 1  # prctl(2)
READ_BYTES = 65_536


@dataclass(slots=True)
class Child:
    """A running job: its process, the reading end of its pipe, and its unfinished line."""

    job: str
    pid: int
    pipe: int
    started: float = field(default_factory=time.monotonic)
    pending: bytes = b""
    last: str = ""  # its last line
    exit_code: int | None = None

    def read(self) -> list[str] | None:
        """The complete lines that are available; None at the end of the pipe."""
        chunk = os.read(self.pipe, READ_BYTES)
        if not chunk:
            return None
        *whole, self.pending = (self.pending + chunk).split(b"\n")
        lines = [line.decode(errors="replace") for line in whole]
        self.last = next((line for line in reversed(lines) if line.strip()), self.last)
        return lines

    def ended(self, *, wait: bool) -> bool:
        """Whether the process has ended; `exit_code` is then set, to 128 and the number of a signal that killed it."""
        if self.exit_code is None:
            pid, status = os.waitpid(self.pid, 0 if wait else os.WNOHANG)
            if pid:
                code = os.waitstatus_to_exitcode(status)
                self.exit_code = code if code >= 0 else 128 - code
        return self.exit_code is not None

    def signal(self, number: int) -> None:
        """Sends a signal to the job, whose handler ends what it started."""
        if self.exit_code is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def close(self) -> None:
        """Closes the pipe."""
        os.close(self.pipe)


def start(job: str, work: Callable[[], int]) -> Child:
    """Runs `work` in a child process, whose exit code is its result.

    The parent must have no other thread: a fork copies only the calling one. All output of the child goes through the
    pipe. The kernel sends the child SIGTERM when the parent dies (Linux). The caller blocks the stopping signals until
    it has registered the child; the child unblocks them.
    """
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    pid = os.fork()
    if pid:
        os.close(writing)
        return Child(job, pid, reading)
    code: int = ExitCode.INTERNAL
    try:
        os.setsid()
        for number in STOPPING:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
        die_with(parent)
        os.close(reading)
        os.dup2(writing, 1)
        os.dup2(writing, 2)
        code = work()
    except BaseException:
        import traceback

        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(code)


def die_with(parent: int) -> None:
    """Requests SIGTERM from the kernel for the parent's death; ends at once if it is dead already."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(ExitCode.INTERNAL)
