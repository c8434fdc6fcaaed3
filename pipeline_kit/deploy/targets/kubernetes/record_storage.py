"""The record of a release in the cluster: one Secret."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from pipeline_kit.contract.cluster import Cluster, Kind, Object
from pipeline_kit.deploy.storage import StoredRecord
from pipeline_kit.errors import ProjectError

SECRET = Kind("v1", "Secret")
TYPE = "pipeline-kit.dev/release"
LABEL = "pipeline-kit.dev/release"
LEASE_ANNOTATION = "pipeline-kit.dev/lease-transitions"
LARGEST_BYTES = 1_000_000
"""Of the compressed record: etcd takes no object of more than 1.5 MB, the API server no Secret of more than 1 MiB."""


@dataclass(frozen=True, slots=True)
class SecretStorage:
    """The Secret of one release in one namespace."""

    cluster: Cluster
    namespace: str
    release: str

    @property
    def name(self) -> str:
        """`Secret pipeline-kit.fraud`."""
        return f"{SECRET.kind} {self._object_name}"

    @property
    def _object_name(self) -> str:
        return f"pipeline-kit.{self.release}"

    def read(self) -> StoredRecord | None:
        """What the Secret holds."""
        secret = self.cluster.get(SECRET, self._object_name, self.namespace)
        return None if secret is None else stored(secret)

    def write(self, packed: bytes, transitions: int, over: StoredRecord | None) -> StoredRecord | None:
        """Creates the Secret, or replaces it where it has the version of `over`."""
        if len(packed) > LARGEST_BYTES:
            message = f"the record of release {self.release} has {len(packed)} bytes, a Secret takes {LARGEST_BYTES}"
            raise ProjectError(message, hint="make the manifests smaller: large data belongs into the image")
        secret = self._secret(packed, transitions)
        if over is None:
            written = self.cluster.create(secret, namespace=self.namespace)
        else:
            metadata = {**secret["metadata"], "resourceVersion": over.version}
            written = self.cluster.replace({**secret, "metadata": metadata}, namespace=self.namespace)
        return None if written is None else stored(written)

    def _secret(self, packed: bytes, transitions: int) -> dict[str, Any]:
        return {
            "apiVersion": SECRET.api_version,
            "kind": SECRET.kind,
            "metadata": {
                "name": self._object_name,
                "labels": {LABEL: self.release},
                "annotations": {LEASE_ANNOTATION: str(transitions)},
            },
            "type": TYPE,
            "data": {"record": base64.b64encode(packed).decode()},
        }


def stored(secret: Object) -> StoredRecord:
    """The record as a Secret holds it; what cannot be decoded is reported as damage."""
    packed, damage = b"", ""
    try:
        packed = base64.b64decode(secret["data"]["record"], validate=True)
    except (KeyError, TypeError, ValueError) as error:
        damage = str(error)
    version = str(secret["metadata"].get("resourceVersion", ""))
    return StoredRecord(packed, transitions_of(secret), version, damage)


def transitions_of(secret: Object) -> int:
    """Which holder of the lease has written a Secret."""
    written = str((secret["metadata"].get("annotations") or {}).get(LEASE_ANNOTATION, "0"))
    return int(written) if written.isdecimal() else 0
