"""A client of a running CI server, and waiting for the server with an end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, TypeVar

from pipeline_kit.errors import InfrastructureError
from pipeline_kit.retry import Retry

T = TypeVar("T")
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 15.0


class Client(Protocol):
    """A project on a running CI server, through the server's API."""

    def run(self, title: str, files: Mapping[str, str]) -> Mapping[str, str]:
        """Pushes exactly these files to `main`; the outcome of each job of the pipeline that this starts.

        Raises InfrastructureError where the server cannot be reached, refuses, or does not come to an end.
        """


def wait_for(what: str, look: Callable[[], T | None], seconds: float, pause: float = FIRST_PAUSE_SECONDS) -> T:
    """What `look` returns, called again with growing pauses. Raises InfrastructureError when the time is over."""
    value = Retry(pause, LONGEST_PAUSE_SECONDS, 1.5, total_seconds=seconds).poll(look)
    if value is None:
        raise InfrastructureError(f"{what} did not happen within {seconds:.0f} s")
    return value
