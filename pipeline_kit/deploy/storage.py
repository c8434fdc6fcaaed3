"""Where a target keeps the record and the lease of a release: compare-and-swap on two small documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record's bytes as they are stored, and which holder of the lease wrote them.

    `version` differs after every write. `damage` says why the bytes cannot be read, where they cannot.
    """

    packed: bytes
    transitions: int
    version: str
    damage: str = ""


class RecordStorage(Protocol):
    """The record of one release. Every method raises InfrastructureError where the target does not answer."""

    @property
    def name(self) -> str:
        """What holds the record, for messages."""

    def read(self) -> StoredRecord | None:
        """The current record, or None."""

    def write(self, packed: bytes, transitions: int, over: StoredRecord | None) -> StoredRecord | None:
        """The record as it was written over that version, or, without one, where none was; None where it is not so.

        Raises ProjectError where the storage does not take so many bytes.
        """


@dataclass(frozen=True, slots=True)
class LeaseEntry:
    """A lease as it is stored. `holder` is empty where it is free; dates are for people, and never compared.

    `version` differs after every write; `kept` is what the storage knows beside, and gets back with the next write.
    """

    holder: str
    duration_seconds: int | None = None
    transitions: int = 0
    acquired: str = ""
    renewed: str = ""
    version: str = ""
    kept: Mapping[str, Any] = field(default_factory=dict)


class LeaseStorage(Protocol):
    """The lease of one release. Every method raises InfrastructureError where the target does not answer."""

    def read(self) -> LeaseEntry | None:
        """The current lease, or None."""

    def write(self, entry: LeaseEntry, over: LeaseEntry | None) -> LeaseEntry | None:
        """The lease as it was written over that version, or, without one, where none was; None where it is not so."""
