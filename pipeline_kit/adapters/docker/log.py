"""Reads an engine's messages during a build or load: lines to show, the image's id, and the reason of a failure."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from pipeline_kit.errors import InfrastructureError, KitError, ProjectError

STEP = re.compile(r"Step \d+/\d+ : ")
CONTAINER = re.compile(r" ---> Running in ([0-9a-f]{12,64})")
GONE = re.compile(r"Remov(?:ed|ing) intermediate container ([0-9a-f]{12,64})")
LOADED = re.compile(r"Loaded image(?: ID)?: (\S+)")
COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
"""The engine colours a step's standard error red."""
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Control characters of a terminal, except the tab."""
TAIL_LINES = 20
SHOWN_LINES = 8
LONGEST_LINE = 8192
INFRASTRUCTURE_ERRORS = (
    "no space left on device",
    "i/o timeout",
    "no such host",
    "tls handshake timeout",
    "connection refused",
    "connection reset",
    "toomanyrequests",
    "temporary failure in name resolution",
    "server misbehaving",
    "could not find bridge",
    "failed to create endpoint",
    "unexpected eof",
)
"""Messages of the engine itself that are not the Dockerfile's fault; the output of its steps is never searched."""


class EngineLog:
    """Reads the messages of one build or load and logs its lines."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self.image: str | None = None  # a built image's id, a loaded image's id or name
        self.container: str | None = None  # of the running step
        self._log = log
        self._pending = ""
        self._step = ""
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._states: dict[str, str] = {}

    def read(self, message: Mapping[str, Any]) -> None:
        """Reads one message. Raises ProjectError for a failed step, InfrastructureError for a failure of the engine."""
        if "error" in message:
            self._line(self._pending)
            raise self._failure(str(message["error"]))
        auxiliary = message.get("aux")
        if isinstance(auxiliary, Mapping) and isinstance(auxiliary.get("ID"), str):
            self.image = auxiliary["ID"]
        if isinstance(message.get("stream"), str):
            *whole, self._pending = (self._pending + message["stream"]).replace("\r", "\n").split("\n")
            for line in whole:
                self._line(line)
            self._pending = self._pending[:LONGEST_LINE]
        elif message.get("status") and not message.get("progressDetail"):
            self._status(str(message.get("id") or ""), str(message["status"]))

    def _status(self, subject: str, status: str) -> None:
        """Logs each state of a pull once."""
        if self._states.get(subject) != status:
            self._states[subject] = status
            self._line(f"{subject}: {status}" if subject else status)

    def _line(self, line: str) -> None:
        line = CONTROL.sub("", COLOUR.sub("", line)).rstrip()[:LONGEST_LINE]
        if not line:
            return
        if STEP.match(line):
            self._step = line
            self._tail.clear()
        elif started := CONTAINER.match(line):
            self.container = started[1]
        elif GONE.match(line):
            self.container = None
        else:
            self._tail.append(line)
        if loaded := LOADED.match(line):
            self.image = loaded[1]
        self._log(line)

    def _failure(self, reason: str) -> KitError:
        reason = " ".join(reason.split())
        output = [line for line in self._tail if not line.startswith(" ---> ")][-SHOWN_LINES:]
        if any(text in reason.lower() for text in INFRASTRUCTURE_ERRORS):
            return InfrastructureError(f"the Docker engine failed: {reason}", hint=self._step or None)
        if not self._step:
            return ProjectError(f"the image cannot be built: {reason}", hint="check the Dockerfile")
        step = self._step[:400]
        return ProjectError(f"{step}: {reason}", hint="\n".join(["its last lines:", *output]) if output else None)
