"""Which results count here: on a CI server those of its pipeline and commit, elsewhere those that this machine made.

The content of `.pipeline-kit/` may come from anywhere: a repository can commit it, an archive can hold it, an earlier
pipeline can have left it in a workspace.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from pipeline_kit.adapters.own_files import keep_secret, read_regular
from pipeline_kit.contract.result import JobRecord, Outcome
from pipeline_kit.descriptor.server_words import ServerWords
from pipeline_kit.errors import InfrastructureError
from pipeline_kit.frozen import frozen
from pipeline_kit.report.record import to_json

KEY_BYTES = 32
KEY_FILE = "machine.key"


class Origin(Protocol):
    """Marks the results that are made here, and knows them again."""

    def mark(self, record: JobRecord) -> JobRecord:
        """The record with its origin."""

    def complaint(self, record: JobRecord) -> str | None:
        """Why a result does not count here; None where it does."""


@frozen
class Machine:
    """This machine and user, by a random key in `folder`: a seal of it cannot be written elsewhere."""

    folder: Path

    def seal(self, text: str) -> str:
        """The seal of a text: a keyed BLAKE2b digest (RFC 7693), 64 hexadecimal characters."""
        return hashlib.blake2b(text.encode(), key=machine_key(self.folder), digest_size=32).hexdigest()

    def mark(self, record: JobRecord) -> JobRecord:
        """The record, sealed."""
        return replace(record, origin=self.seal(to_json(replace(record, origin=""))))

    def complaint(self, record: JobRecord) -> str | None:
        """Why a result does not count here: it has not this machine's seal, or was changed afterwards."""
        if not record.origin or record.origin != self.seal(to_json(replace(record, origin=""))):
            return "it was not made on this machine, or was changed since"
        return None


@frozen
class Pipeline:
    """A pipeline of a CI server by its name, and the commit that is checked out; both must agree.

    A job that is run again and a build that is restarted from a stage keep both.
    """

    name: str
    commit: Callable[[], str | None]

    def mark(self, record: JobRecord) -> JobRecord:
        """The record with the pipeline's name; it holds the commit already."""
        return replace(record, origin=self.name)

    def complaint(self, record: JobRecord) -> str | None:
        """Why a result does not count here: it is of another pipeline or commit.

        Only a job that has made nothing may lack the commit: it did not start, or ended before git was run.
        """
        if record.origin != self.name:
            return f"it is not of this pipeline, {self.name}"
        if record.commit is None and record.outcome not in (Outcome.PASSED, Outcome.UNDECIDED):
            return None
        commit = self.commit()
        return None if record.commit == commit else f"it is of commit {record.commit}, and this is {commit}"


def origin_here(
    servers: Iterable[ServerWords], variables: Mapping[str, str], commit: Callable[[], str | None], folder: Path
) -> Origin:
    """The pipeline of the server whose variables are all set, else this machine with the key in `folder`."""
    for server in servers:
        identity = [variables.get(name, "") for name in server.pipeline]
        if identity and all(identity):
            return Pipeline(" ".join([server.name, *identity]), commit)
    return Machine(folder)


def machine_key(folder: Path) -> bytes:
    """The machine's key, made at its first use. Raises InfrastructureError where it cannot be kept."""
    from pipeline_kit.adapters.files import locked

    path = folder / KEY_FILE
    try:
        if not os.path.lexists(path):
            with locked(folder / f"{KEY_FILE}.lock"):
                if not os.path.lexists(path):
                    keep_secret(path, os.urandom(KEY_BYTES))
        key = read_regular(path, KEY_BYTES)
    except OSError as error:
        hint = "set PIPELINE_KIT_CACHE to a folder of your own that can be written"
        raise InfrastructureError(f"the key that seals results: {error.strerror}: {path}", hint=hint) from error
    if len(key) != KEY_BYTES:
        raise InfrastructureError(f"the key that seals results is damaged: {path}", hint="remove it, and run again")
    return key
