"""Serving processes on this machine, each under a supervisor that ends it when this process ends."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pipeline_kit.adapters.http import query
from pipeline_kit.adapters.process.run import (
    GRACE_SECONDS,
    READ_BYTES,
    RUNNING,
    end_at_once,
    not_started,
    start,
)
from pipeline_kit.adapters.process.supervisor import parent_of
from pipeline_kit.contract.serving import Answer
from pipeline_kit.errors import InfrastructureError

HOST = "127.0.0.1"
KEPT_LINES = 60
LONGEST_LINE = 8192
PASSED_ON = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH")
"""The variables that a server inherits: it sees its image's own and these, and no secret of the job."""


class LocalProcesses:
    """Starts servers. `variables` are the job's; a server inherits the few of PASSED_ON."""

    def __init__(self, variables: Mapping[str, str], log: Callable[[str], None]) -> None:
        self._variables = variables
        self._log = log

    def serve(self, arguments: Sequence[str], *, cwd: Path, variables: Mapping[str, str]) -> LocalServer:
        """A server on a free port of the loopback interface, given to it in HOST and PORT.

        A command that cannot be started is a server that has ended; its lines give the reason.
        """
        port = free_port()
        passed = {name: self._variables[name] for name in PASSED_ON if name in self._variables}
        server = LocalServer(arguments, cwd, {**passed, **variables, "HOST": HOST, "PORT": str(port)}, port)
        self._log(f"started {Path(arguments[0]).name} {' '.join(arguments[1:])} on port {port}")
        return server


class LocalServer:
    """A started server. Its supervisor ends everything that it starts."""

    def __init__(self, arguments: Sequence[str], cwd: Path, variables: Mapping[str, str], port: int) -> None:
        self.port = port
        self._lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._peak: int | None = None
        self._command = arguments[0]
        self._status, writing = os.pipe()
        try:
            self._process = start(arguments, cwd, variables, writing)
        except BaseException:
            os.close(self._status)
            raise
        finally:
            os.close(writing)
        RUNNING.add(self._process)
        self._reader = threading.Thread(target=self._read, name=f"lines of port {port}", daemon=True)
        self._reader.start()

    def ask(self, method: str, path: str, body: bytes | None = None) -> Answer | None:
        """The server's answer; None while nothing listens, or where the connection breaks."""
        return query(HOST, self.port, method, path, body)

    def alive(self) -> bool:
        """Whether it is running."""
        if self._process.poll() is None:
            return True
        self._close()
        return False

    def lines(self) -> tuple[str, ...]:
        """The last lines of its output; complete once it has ended."""
        return tuple(self._lines)

    def memory_bytes(self) -> int | None:
        """The peak resident memory of the server and its children, by the kernel's count; Linux only."""
        total = sum(peak_of(pid) or 0 for pid in descendants(self._process.pid))
        if total:
            self._peak = max(total, self._peak or 0)
        return self._peak

    def stop(self) -> int:
        """Ends it by SIGTERM, later by SIGKILL; its exit code, negative for a signal."""
        try:
            self._process.terminate()
            self._process.wait(GRACE_SECONDS)
        except BaseException as error:
            end_at_once(self._process)
            if not isinstance(error, subprocess.TimeoutExpired):
                raise
        finally:
            RUNNING.discard(self._process)
        self._close()
        return self._process.returncode

    def _close(self) -> None:
        """Reads the last lines of an ended process, and the error where it did not start."""
        self._reader.join(GRACE_SECONDS)
        if self._process.stdout is not None and not self._process.stdout.closed:
            self._process.stdout.close()
            refused = os.read(self._status, READ_BYTES)
            os.close(self._status)
            if refused:
                self._lines.append(not_started(self._command, os.strerror(int(refused))).message)

    def _read(self) -> None:
        assert self._process.stdout is not None
        descriptor, pending = self._process.stdout.fileno(), b""
        while chunk := os.read(descriptor, READ_BYTES):
            *whole, pending = (pending + chunk).split(b"\n")
            self._lines.extend(line[:LONGEST_LINE].decode(errors="replace") for line in whole)
            pending = pending[:LONGEST_LINE]
        if pending:
            self._lines.append(pending.decode(errors="replace"))


def free_port() -> int:
    """A free port of the loopback interface. Raises InfrastructureError where all are taken."""
    try:
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            return int(probe.getsockname()[1])
    except OSError as error:
        raise InfrastructureError(f"no port of {HOST} is free: {error.strerror}") from error


def descendants(pid: int) -> list[int]:
    """The process ids of all descendants of a process; Linux only."""
    children: dict[str, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        parent = parent_of(entry.name)
        if parent is not None:
            children.setdefault(parent, []).append(int(entry.name))
    below, pending = [], [pid]
    while pending:
        direct = children.get(str(pending.pop()), [])
        below.extend(direct)
        pending.extend(direct)
    return below


def peak_of(pid: int) -> int | None:
    """The peak resident memory of a process, in bytes."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        return None
    return None
