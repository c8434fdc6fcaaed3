"""The record of a release in the cluster: one Secret, written whole and never over what was not read."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from typing import Any

from pipeline_kit.contract.cluster import Cluster, Kind, Object
from pipeline_kit.deploy.record import ReleaseRecord, as_document, read_record
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
        """The record; an empty one where there is none. Raises ProjectError where it is damaged."""
        self._seen = self._cluster.get(SECRET, self.name, self._namespace)
        return unpacked(self._seen) if self._seen is not None else ReleaseRecord(self._release)

    def held_by(self, transitions: int) -> None:
        """Writes from here on say which holder of the lease wrote them.

        Raises InfrastructureError where a later holder has written already.
        """
        self._transitions = transitions
        if self._seen is not None and transitions_of(self._seen) > transitions:
            raise self._overtaken()

    def save(self, record: ReleaseRecord) -> None:
        """Writes the record. Raises InfrastructureError where another deployer has written in the meantime."""
        wanted = self._secret(record)
        if self._seen is None:
            written = self._cluster.create(wanted, namespace=self._namespace)
        else:
            wanted["metadata"]["resourceVersion"] = self._seen["metadata"]["resourceVersion"]
            written = self._cluster.replace(wanted, namespace=self._namespace)
        if written is None:  # by another, or by this write's own first try, whose answer was lost
            written = self._cluster.get(SECRET, self.name, self._namespace)
            if written is None or not same(written, wanted):
                raise self._overtaken()
        self._seen = written

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

    def _overtaken(self) -> InfrastructureError:
        hint = "run the same command again when that has ended"
        return InfrastructureError(f"another deployer has written the record of release {self._release}", hint=hint)


def packed_record(record: ReleaseRecord) -> bytes:
    """The record's bytes: the same for the same record."""
    text = json.dumps(as_document(record), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return gzip.compress(text.encode(), mtime=0)


def unpacked(secret: Object) -> ReleaseRecord:
    """The record in a Secret. Raises ProjectError where it is damaged."""
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
        hint = "restore the Secret, or delete it: the next release then counts as the first"
        raise ProjectError(f"the record in Secret {name} is damaged: {error}", hint=hint) from error
    return read_record(document)


def same(found: Object, wanted: Object) -> bool:
    """Whether a Secret holds the very record of a write."""
    return bool(found.get("data") == wanted["data"]) and transitions_of(found) == transitions_of(wanted)


def transitions_of(secret: Object) -> int:
    """Which holder of the lease has written a Secret."""
    told = str((secret["metadata"].get("annotations") or {}).get(LEASE_ANNOTATION, "0"))
    return int(told) if told.isdecimal() else 0
