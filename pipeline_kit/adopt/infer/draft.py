"""The proposed descriptor as values: every key with the reason for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pipeline_kit.contract.ci_file import Lost, Place
from pipeline_kit.descriptor.parameter import Value


@dataclass(frozen=True, slots=True)
class Key:
    """A key of the descriptor, its value, and why it has that one."""

    name: str
    value: Value
    why: str = ""


@dataclass(slots=True)
class DraftJob:
    """A job that is proposed; `needs` are names of other drafts."""

    name: str
    stage: str
    why: list[str] = field(default_factory=list)
    needs: list[str] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)

    def value(self, name: str) -> Value:
        """A key's value, or none."""
        return next((key.value for key in self.keys if key.name == name), None)

    def put(self, key: Key) -> None:
        """Sets a key, in the place of an earlier one of that name."""
        self.keys = [item for item in self.keys if item.name != key.name] + [key]

    def drop(self, name: str) -> None:
        """Removes a key."""
        self.keys = [key for key in self.keys if key.name != name]


@dataclass(frozen=True, slots=True)
class Carried:
    """A job of an old CI file, and a description of what it became."""

    name: str
    place: Place
    became: str
    is_plain_command: bool = False


@dataclass(frozen=True, slots=True)
class DraftRunner:
    """A runner class of a CI file: its image, and by server what chooses the machine."""

    name: str
    image: str | None
    servers: Mapping[str, Value]
    why: str


@dataclass(slots=True)
class Mapped:
    """An old CI file as jobs of the kit: what they are, what became of each, what is not carried over."""

    jobs: list[DraftJob] = field(default_factory=list)
    runners: list[DraftRunner] = field(default_factory=list)
    carried: list[Carried] = field(default_factory=list)
    lost: list[Lost] = field(default_factory=list)


def of_stage(jobs: Sequence[DraftJob], stage: str) -> list[DraftJob]:
    """The jobs that use a stage."""
    return [job for job in jobs if job.stage == stage]
