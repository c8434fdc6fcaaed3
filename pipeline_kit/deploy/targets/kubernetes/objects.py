"""The objects of a release in the cluster: read, applied and removed, one at a time and each until it is so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipeline_kit.contract.cluster import Cluster, Kind, Object
from pipeline_kit.deploy.clock import Clock
from pipeline_kit.deploy.waiting import wait_until
from pipeline_kit.errors import InfrastructureError

GONE_WITHIN_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class ObjectName:
    """Which object of a namespace is meant."""

    api_version: str
    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def name_of(manifest: Object) -> ObjectName:
    """Which object a manifest is of."""
    return ObjectName(str(manifest["apiVersion"]), str(manifest["kind"]), str(manifest["metadata"]["name"]))


@dataclass(frozen=True, slots=True)
class Objects:
    """The objects of one namespace, changed only while `allowed` does not raise."""

    cluster: Cluster
    namespace: str
    clock: Clock
    allowed: Callable[[], None]

    def get(self, name: ObjectName) -> Object | None:
        """The object as it is now, or None."""
        return self.cluster.get(Kind(name.api_version, name.kind), name.name, self.namespace)

    def apply(self, manifest: Object) -> tuple[Object | None, Object]:
        """The object before and after the manifest was applied; one that is just being deleted is waited for first."""
        name = name_of(manifest)
        document = self.get(name)
        if document is not None and document["metadata"].get("deletionTimestamp"):
            self.wait_gone([name])
            document = None
        self.allowed()
        return document, self.cluster.apply(manifest, namespace=self.namespace)

    def remove(self, names: Sequence[ObjectName]) -> None:
        """Deletes the objects, in this order, and returns when all that they own is gone too."""
        for name in names:
            self.allowed()
            self.cluster.delete(Kind(name.api_version, name.kind), name.name, self.namespace)
        self.wait_gone(names)

    def wait_gone(self, names: Sequence[ObjectName]) -> None:
        """Returns when the objects are gone. Raises InfrastructureError where one stays."""

        def look() -> bool | None:
            return None if any(self.get(name) is not None for name in names) else True

        if wait_until(look, self.clock, GONE_WITHIN_SECONDS) is None:
            left = ", ".join(str(name) for name in names if self.get(name) is not None)
            hint = f"kubectl -n {self.namespace} describe it: a finalizer may hold it"
            raise InfrastructureError(f"not gone {GONE_WITHIN_SECONDS:g} s after it was deleted: {left}", hint=hint)
