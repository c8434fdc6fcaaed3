"""The world as a stage sees it: Protocols that adapters fill and tests fake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Protocol

from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.frozen import frozen


@frozen
class Completed:
    """A finished process: its exit code (negative: the signal that ended it), its last lines, its seconds."""

    exit_code: int
    tail: tuple[str, ...] = ()
    seconds: float = 0.0
    timed_out: bool = False


@frozen
class UserCall:
    """A call of the project's code: `module:function`, or an argv list.

    The function is called with one argument that has these fields as attributes; an argv command finds the
    same as JSON in the file that the variable PIPELINE_KIT_JOB names. Paths are absolute.
    """

    entry: str | Sequence[str]
    parameters: Mapping[str, Value] = field(default_factory=dict)
    seed: int | None = None
    inputs: Mapping[str, Path] = field(default_factory=dict)
    outputs: Mapping[str, Path] = field(default_factory=dict)
    checkpoints: Path | None = None
    resume: Path | None = None
    name: str = ""  # of the job


@frozen
class UserReport:
    """What the project's code reported: metrics by name, curves as one row a step; and how its process ended."""

    completed: Completed
    metrics: Mapping[str, float] = field(default_factory=dict)
    curves: tuple[Mapping[str, float], ...] = ()
    exception: str | None = None  # "ValueError: no such column", where its function raised


@frozen
class EnvironmentRecord:
    """A locked environment: its digest, Python, platform, and installed distributions by name."""

    digest: str
    python: str
    platform: str
    packages: Mapping[str, str] = field(default_factory=dict)


class ProjectPython(Protocol):
    """The project's own locked Python: the only place where its code runs."""

    def record(self) -> EnvironmentRecord:
        """What is installed there; makes the environment on first use."""

    def run(self, arguments: Sequence[str], *, cwd: Path, variables: Mapping[str, str] | None = None) -> Completed:
        """Runs `python *arguments` there, its lines streamed through redaction."""

    def call(self, call: UserCall, *, cwd: Path) -> UserReport:
        """Runs the project's code through the shim."""


class Pythons(Protocol):
    """Makes locked environments: the project's, and one for a baseline from its own recorded lock."""

    def digest(self, lock: Path, python: str) -> str:
        """The digest of the environment that the lock file means on this machine, without making it."""

    def locked(self, lock: Path, python: str) -> ProjectPython:
        """The environment of that lock file for that Python; made once, then found again by its digest.

        Raises ProjectError where no such Python is here or the lock does not install.
        """

    def interpreter(self, python: str) -> Path:
        """The interpreter that environments for that Python are made with. Raises ProjectError where none is here."""


class Store(Protocol):
    """Where models, checkpoints and packages live between jobs: by digest, with a few moving names."""

    def put(self, path: Path) -> str:
        """Stores a file and returns its digest; a digest that is there already costs nothing."""

    def fetch(self, digest: str, target: Path) -> None:
        """Writes the object to `target`, verified. Raises ModelError when the bytes are not the digest's."""

    def resolve(self, name: str) -> str | None:
        """The digest that a name points to, or None where it was never set."""

    def point(self, name: str, digest: str) -> None:
        """Moves a name to a digest that is stored, at once or not at all."""


class Host(Protocol):
    """The machine: system packages and accelerator, for the toolchain check."""

    def system_package(self, name: str) -> str | None:
        """The installed version of a Debian package, or None."""

    def accelerator(self) -> str:
        """`cuda` where an NVIDIA driver answers, else `cpu`."""
