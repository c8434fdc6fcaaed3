"""One namespace of one cluster, as a release sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipeline_kit.contract.cluster import Cluster
from pipeline_kit.deploy.clock import Clock
from pipeline_kit.deploy.destination import Destination
from pipeline_kit.deploy.targets.kubernetes.kubernetes_rollout import KubernetesRollout
from pipeline_kit.deploy.targets.kubernetes.lease_storage import ClusterLease
from pipeline_kit.deploy.targets.kubernetes.objects import Objects
from pipeline_kit.deploy.targets.kubernetes.record_storage import SecretStorage
from pipeline_kit.deploy.targets.kubernetes.rollout import ObjectRollout


@dataclass(frozen=True, slots=True)
class KubernetesSite:
    """A release's namespace: its objects, and beside them a Secret with the record and a Lease."""

    cluster: Cluster
    destination: Destination

    def name(self) -> str:
        """What the kubeconfig calls the cluster."""
        return self.cluster.name()

    @property
    def records(self) -> SecretStorage:
        """The Secret."""
        return SecretStorage(self.cluster, self.destination.namespace, self.destination.release)

    @property
    def leases(self) -> ClusterLease:
        """The Lease."""
        return ClusterLease(self.cluster, self.destination.namespace, self.destination.release)

    def rollout(self, clock: Clock, allowed: Callable[[], None], log: Callable[[str], None]) -> KubernetesRollout:
        """Changes objects while `allowed` does not raise."""
        objects = Objects(self.cluster, self.destination.namespace, clock, allowed)
        return KubernetesRollout(ObjectRollout(objects, self.destination, log))
