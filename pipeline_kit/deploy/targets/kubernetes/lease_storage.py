"""The lease of a release in the cluster: a coordination.k8s.io Lease, as client-go's leader election uses it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipeline_kit.contract.cluster import Cluster, Kind, Object
from pipeline_kit.deploy.storage import LeaseEntry

LEASE = Kind("coordination.k8s.io/v1", "Lease")


@dataclass(frozen=True, slots=True)
class ClusterLease:
    """The Lease of one release in one namespace."""

    cluster: Cluster
    namespace: str
    release: str

    @property
    def _object_name(self) -> str:
        return f"pipeline-kit.{self.release}"

    def read(self) -> LeaseEntry | None:
        """The Lease as it is now."""
        lease = self.cluster.get(LEASE, self._object_name, self.namespace)
        return None if lease is None else entry_of(lease)

    def write(self, entry: LeaseEntry, over: LeaseEntry | None) -> LeaseEntry | None:
        """Creates the Lease, or replaces the one that has the version of `over`."""
        lease = self._lease(entry, over)
        write = self.cluster.create if over is None else self.cluster.replace
        written = write(lease, namespace=self.namespace)
        return None if written is None else entry_of(written)

    def _lease(self, entry: LeaseEntry, over: LeaseEntry | None) -> dict[str, Any]:
        return {
            "apiVersion": LEASE.api_version,
            "kind": LEASE.kind,
            "metadata": dict(over.kept) if over else {"name": self._object_name},
            "spec": {
                "holderIdentity": entry.holder,
                "leaseDurationSeconds": entry.duration_seconds,
                "acquireTime": entry.acquired,
                "renewTime": entry.renewed,
                "leaseTransitions": entry.transitions,
            },
        }


def entry_of(lease: Object) -> LeaseEntry:
    """The lease in a Lease; fields that others have damaged count as missing."""
    spec = lease.get("spec") or {}
    promised = spec.get("leaseDurationSeconds")
    return LeaseEntry(
        holder=str(spec.get("holderIdentity") or ""),
        duration_seconds=promised if isinstance(promised, int) and promised > 0 else None,
        transitions=int(spec.get("leaseTransitions") or 0),
        acquired=str(spec.get("acquireTime") or ""),
        renewed=str(spec.get("renewTime") or ""),
        version=str(lease["metadata"]["resourceVersion"]),
        kept=lease["metadata"],
    )
