"""The record of a release in the cluster: one Secret, written whole and never over what another deployer wrote."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from typing import Any

from pipeline_kit.contract.cluster import Cluster, Kind, Object
from pipeline_kit.deploy.record import DamagedRecordError, ReleaseRecord, as_document, read_record
from pipeline_kit.errors import InfrastructureError, ProjectError

SECRET = Kind("v1", "Secret")
TYPE = "pipeline-kit.dev/release"
LABEL = "pipeline-kit.dev/release"
LEASE_ANNOTATION = "pipeline-kit.dev/lease-transitions"
LARGEST_BYTES = 1_000_000
"""Of the compressed record: etcd takes no object of more than 1.5 MB, the API server no Secret of more than 1 MiB."""
LARGEST_UNPACKED = 64 << 20


class ReleaseStore:
    """The record of one release. A write succeeds only where nobody has written since this store read or wrote it."""

    def __init__(self, cluster: Cluster, namespace: str, release: str) -> None:
        self.name = f"pipeline-kit.{release}"
        self._cluster, self._namespace, self._release = cluster, namespace, release
        self._seen: Object | None = None
        self._transitions = 0

    def load(self) -> ReleaseRecord:
        """The record; an empty one where there is none. Raises DamagedRecordError."""
        self._seen = self._cluster.get(SECRET, self.name, self._namespace)
        return unpacked(self._seen) if self._seen is not None else ReleaseRecord(self._release)

    def load_again(self, known: ReleaseRecord) -> ReleaseRecord:
        """The record as it is now; what its holder knows of it, where somebody has deleted or damaged it since."""
        was_there = self._seen is not None
        try:
            found = self.load()
        except DamagedRecordError:
            if self._overtaken():
                raise
            return known
        return known if self._seen is None and was_there else found

    def held_by(self, transitions: int) -> None:
        """Writes from here on say which holder of the lease wrote them.

        Raises InfrastructureError where a later holder has written already.
        """
        self._transitions = transitions
        if self._overtaken():
            raise self._refusal()

    def save(self, record: ReleaseRecord) -> None:
        """Writes the record. Raises InfrastructureError where another deployer has written in the meantime.

        One that somebody has deleted or damaged since it was read is written anew: its holder knows it.
        """
        wanted = self._secret(record)
        written = self._write(wanted)
        if written is None:  # by another, or by this write's own first try, whose answer was lost
            self._seen = self._cluster.get(SECRET, self.name, self._namespace)
            if self._seen is not None and same(self._seen, wanted):
                return
            written = self._write(wanted) if self._is_lost() else None
        if written is None:
            raise self._refusal()
        self._seen = written

    def _write(self, wanted: Object) -> Object | None:
        """The Secret as it was written; none where it is no longer as it was seen."""
        if self._seen is None:
            return self._cluster.create(wanted, namespace=self._namespace)
        version = self._seen["metadata"]["resourceVersion"]
        metadata = {**wanted["metadata"], "resourceVersion": version}
        return self._cluster.replace({**wanted, "metadata": metadata}, namespace=self._namespace)

    def _is_lost(self) -> bool:
        """Whether what was seen is no record: a deployer writes whole ones and deletes none."""
        if self._seen is None:
            return True
        try:
            unpacked(self._seen)
        except DamagedRecordError:
            return not self._overtaken()
        except ProjectError:  # of a newer kit
            return False
        return False

    def _overtaken(self) -> bool:
        """Whether a later holder of the lease has written what was seen."""
        return self._seen is not None and transitions_of(self._seen) > self._transitions

    def _secret(self, record: ReleaseRecord) -> dict[str, Any]:
        packed = packed_record(record)
        if len(packed) > LARGEST_BYTES:
            message = f"the record of release {self._release} has {len(packed)} bytes, a Secret takes {LARGEST_BYTES}"
            raise ProjectError(message, hint="make the manifests smaller: large data belongs into the image")
        return {
            "apiVersion": SECRET.api_version,
            "kind": SECRET.kind,
            "metadata": {
                "name": self.name,
                "labels": {LABEL: self._release},
                "annotations": {LEASE_ANNOTATION: str(self._transitions)},
            },
            "type": TYPE,
            "data": {"record": base64.b64encode(packed).decode()},
        }

    def _refusal(self) -> InfrastructureError:
        hint = "run the same command again when that has ended"
        return InfrastructureError(f"another deployer has written the record of release {self._release}", hint=hint)


def packed_record(record: ReleaseRecord) -> bytes:
    """The record's bytes: the same for the same record."""
    text = json.dumps(as_document(record), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return gzip.compress(text.encode(), mtime=0)


def unpacked(secret: Object) -> ReleaseRecord:
    """The record in a Secret. Raises DamagedRecordError, or ProjectError where it is of a newer kit."""
    try:
        packed = base64.b64decode(secret["data"]["record"], validate=True)
        unpacker = zlib.decompressobj(wbits=31)
        content = unpacker.decompress(packed, LARGEST_UNPACKED)
        if not unpacker.eof:
            raise ValueError("it is cut off, or larger than any record")
        document = json.loads(content)
        if not isinstance(document, dict):
            raise ValueError("it is no JSON object")
    except (KeyError, TypeError, ValueError, zlib.error, RecursionError) as error:
        name = secret["metadata"]["name"]
        raise DamagedRecordError(f"the record in Secret {name} is damaged: {error}") from error
    return read_record(document)


def same(found: Object, wanted: Object) -> bool:
    """Whether a Secret holds the very record of a write."""
    return bool(found.get("data") == wanted["data"]) and transitions_of(found) == transitions_of(wanted)


def transitions_of(secret: Object) -> int:
    """Which holder of the lease has written a Secret."""
    told = str((secret["metadata"].get("annotations") or {}).get(LEASE_ANNOTATION, "0"))
    return int(told) if told.isdecimal() else 0
