"""The record of a release where its target keeps it: written whole, and never over what another deployer wrote."""

from __future__ import annotations

import gzip
import json
import zlib

from pipeline_kit.deploy.record import DamagedRecordError, ReleaseRecord, as_document, read_record
from pipeline_kit.deploy.storage import RecordStorage, StoredRecord
from pipeline_kit.errors import InfrastructureError, ProjectError

LARGEST_UNPACKED = 64 << 20


class ReleaseStore:
    """The record of one release. A write fails if another process has written since this store read or wrote it."""

    def __init__(self, storage: RecordStorage, release: str) -> None:
        self._storage, self._release = storage, release
        self._seen: StoredRecord | None = None
        self._transitions = 0

    def load(self) -> ReleaseRecord:
        """The record; an empty one if it does not exist. Raises DamagedRecordError."""
        self._seen = self._storage.read()
        return self._unpacked(self._seen) if self._seen is not None else ReleaseRecord(self._release)

    def load_again(self, known: ReleaseRecord) -> ReleaseRecord:
        """The current record; the holder's own copy if it was deleted or damaged since."""
        was_there = self._seen is not None
        try:
            loaded = self.load()
        except DamagedRecordError:
            if self._overtaken():
                raise
            return known
        return known if self._seen is None and was_there else loaded

    def held_by(self, transitions: int) -> None:
        """Writes from here on say which holder of the lease wrote them.

        Raises InfrastructureError where a later holder has written already.
        """
        self._transitions = transitions
        if self._overtaken():
            raise self._refusal()

    def save(self, record: ReleaseRecord) -> None:
        """Writes the record. Raises InfrastructureError where another deployer has written in the meantime.

        A record that was deleted or damaged since it was read is written again from the holder's copy.
        """
        packed = packed_record(record)
        written = self._write(packed)
        if written is None:  # by another, or by this write's own first try, whose answer was lost
            self._seen = self._storage.read()
            if self._seen is not None and (self._seen.packed, self._seen.transitions) == (packed, self._transitions):
                return
            written = self._write(packed) if self._is_lost() else None
        if written is None:
            raise self._refusal()
        self._seen = written

    def _write(self, packed: bytes) -> StoredRecord | None:
        """The record as it was written; None where another writer has changed it since it was read."""
        return self._storage.write(packed, self._transitions, self._seen)

    def _is_lost(self) -> bool:
        """Whether what was seen is not a record: a deployer writes whole ones and deletes none."""
        if self._seen is None:
            return True
        try:
            self._unpacked(self._seen)
        except DamagedRecordError:
            return not self._overtaken()
        except ProjectError:  # of a newer kit
            return False
        return False

    def _overtaken(self) -> bool:
        """Whether a later holder of the lease has written what was seen."""
        return self._seen is not None and self._seen.transitions > self._transitions

    def _unpacked(self, stored: StoredRecord) -> ReleaseRecord:
        return unpacked(stored, self._storage.name)

    def _refusal(self) -> InfrastructureError:
        hint = "run the same command again when that has ended"
        return InfrastructureError(f"another deployer has written the record of release {self._release}", hint=hint)


def packed_record(record: ReleaseRecord) -> bytes:
    """The record's bytes: the same for the same record."""
    text = json.dumps(as_document(record), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return gzip.compress(text.encode(), mtime=0)


def unpacked(stored: StoredRecord, name: str) -> ReleaseRecord:
    """The record that a storage of that name holds.

    Raises DamagedRecordError, or ProjectError where it is of a newer kit.
    """
    holder = f"the {name.partition(' ')[0]}"
    try:
        if stored.damage:
            raise ValueError(stored.damage)
        unpacker = zlib.decompressobj(wbits=31)
        content = unpacker.decompress(stored.packed, LARGEST_UNPACKED)
        if not unpacker.eof:
            raise ValueError("it is cut off, or larger than any record")
        document = json.loads(content)
        if not isinstance(document, dict):
            raise ValueError("it is not a JSON object")
    except (TypeError, ValueError, zlib.error, RecursionError) as error:
        raise DamagedRecordError(f"the record in {name} is damaged: {error}", holder) from error
    return read_record(document, holder)
