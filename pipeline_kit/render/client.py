"""What both servers are to the smoke kit, and waiting for them with an end."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Protocol, TypeVar

T = TypeVar("T")
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 15.0


class ServerError(Exception):
    """The server cannot be reached, refuses, or does not come to an end."""


class Server(Protocol):
    """A CI server with a project made for this."""

    def run(self, title: str, files: Mapping[str, str]) -> Mapping[str, str]:
        """Pushes exactly these files to `main`; the outcome of each job of the pipeline that this starts."""


def wait_for(what: str, look: Callable[[], T | None], seconds: float, pause: float = FIRST_PAUSE_SECONDS) -> T:
    """What `look` finds, asked again with growing pauses. Raises ServerError when the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found is not None:
            return found
        if time.monotonic() + pause > deadline:
            raise ServerError(f"{what} did not happen within {seconds:.0f} s")
        time.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE_SECONDS)
