"""Running what serves a model, and asking it: the ports to plain processes, the Docker engine and wheels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Protocol

from pipeline_kit.frozen import frozen


@frozen
class Answer:
    """An HTTP response: status code, body, and the seconds from the request's first byte to the answer's last."""

    status: int
    body: bytes
    seconds: float
    headers: Mapping[str, str] = field(default_factory=dict)


class Server(Protocol):
    """A serving process that was started, in a container or without one."""

    def ask(self, method: str, path: str, body: bytes | None = None) -> Answer | None:
        """The answer of the server, or none while nothing listens there."""

    def alive(self) -> bool:
        """Whether its process still runs."""

    def lines(self) -> tuple[str, ...]:
        """The last lines that it wrote."""

    def memory_bytes(self) -> int | None:
        """Its peak memory so far in bytes, or None if unknown."""

    def stop(self) -> int:
        """Ends it with SIGTERM, after ten seconds with SIGKILL; its exit code. Ending it twice changes nothing."""


class Processes(Protocol):
    """Servers as plain processes on this machine."""

    def serve(self, arguments: Sequence[str], *, cwd: Path, variables: Mapping[str, str]) -> Server:
        """Starts a server on a free port of the loopback interface, which it gets in the variable PORT."""


@frozen
class EngineBuild:
    """What the engine builds: a folder with everything it needs, the Dockerfile in it, labels, build arguments.

    `network` is what the build's steps have: None for the engine's own choice, `none` for no network at all.
    """

    context: Path
    dockerfile: str = "Dockerfile"
    labels: Mapping[str, str] = field(default_factory=dict)
    arguments: Mapping[str, str] = field(default_factory=dict)
    target: str | None = None
    platform: str | None = None
    network: str | None = None


class Engine(Protocol):
    """A Docker engine. Every method raises InfrastructureError where none answers."""

    def build(self, build: EngineBuild) -> str:
        """Builds an image and returns its id; the log is streamed. Raises ProjectError where a step fails."""

    def save(self, image: str, target: Path) -> None:
        """Writes the image as `docker save` does."""

    def load(self, archive: Path) -> str:
        """Loads an archive that `docker load` takes; the id of the image."""

    def serve(self, image: str, *, port: int, variables: Mapping[str, str]) -> Server:
        """Runs a container of the image, its port on the loopback interface; stopping it removes it."""

    def remove(self, image: str) -> None:
        """Removes an image that this engine built or loaded; one in use stays."""


class Wheels(Protocol):
    """The wheels of a lock file."""

    def wheelhouse(self, lock: Path, *, python: str, platform: str) -> Path:
        """A folder that holds a wheel for each requirement of the lock file, and nothing else; made once.

        `python` is `3.11`, `platform` an OCI one such as `linux/amd64`. Hashes in the lock file are verified.
        Raises ProjectError where a requirement has no wheel for it, InfrastructureError where the index fails.
        """
