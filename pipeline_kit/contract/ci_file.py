"""A CI file as it was read: jobs with their lines, and what no descriptor can take over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline_kit.descriptor.parameter import Value


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A line of a file of the repository."""

    file: str
    line: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Lost:
    """Something of a CI file that is not carried over: what, where, and what to do about it."""

    place: Place
    what: str


@dataclass(frozen=True, slots=True)
class CiJob:
    """A job. `needs` are names of jobs of the same file, `runner` is by server what chooses the machine."""

    name: str
    place: Place
    lines: tuple[tuple[str, int], ...] = ()
    needs: tuple[str, ...] = ()
    image: str | None = None
    runner: Mapping[str, Value] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    events: tuple[str, ...] = ()
    manual: bool = False
    deploys: str | None = None  # why it is taken for a deployment
    kept_paths: tuple[str, ...] = ()
    lost: tuple[Lost, ...] = ()


@dataclass(frozen=True, slots=True)
class CiFile:
    """A whole file: its jobs, in an order in which each follows its needs."""

    file: str
    jobs: tuple[CiJob, ...] = ()
    lost: tuple[Lost, ...] = ()


DEPLOY_WORDS = ("deploy", "release", "publish", "rollout", "promote", "rollback", "upload")


def deploy_word(*names: str) -> str | None:
    """The first word of a job's or stage's name that says that it changes the world."""
    for name in names:
        result = next((word for word in DEPLOY_WORDS if word in name.lower()), None)
        if result:
            return f"its name says {result}"
    return None


def is_secret_name(name: str) -> bool:
    """Whether a variable's name says that its value must not be copied."""
    return any(word in name.upper() for word in ("PASSWORD", "PASSWD", "TOKEN", "SECRET", "KEY", "CREDENTIAL"))
