"""A release on the real cluster: what is released, by whom, and what is not whole of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from pipeline_kit.contract.cluster import Cluster, Object
from pipeline_kit.deploy.clock import ThisClock
from pipeline_kit.deploy.deployer import Deployer, Released
from pipeline_kit.deploy.destination import Destination
from pipeline_kit.deploy.lease import Lease
from pipeline_kit.deploy.record import Content, ReleaseRecord
from pipeline_kit.deploy.release import release, roll_back
from pipeline_kit.deploy.store import ReleaseStore
from pipeline_kit.deploy.strategies import load_strategy
from pipeline_kit.deploy.strategies.rolling import ROLLING
from pipeline_kit.deploy.targets.kubernetes.labels import labels
from pipeline_kit.deploy.targets.kubernetes.manifests import kit_manifests
from pipeline_kit.deploy.targets.kubernetes.record_storage import SecretStorage
from pipeline_kit.deploy.targets.kubernetes.site import KubernetesSite
from pipeline_kit.deploy.verification import Expected
from pipeline_kit.deploy.workload import Identity, Workload
from tests.deploy.deploying import GOLDEN
from tests.deploy.parts import DIGESTS

RELEASE = "fraud"
READY_WITHIN_SECONDS = 90.0
"""More than any good pod needs here, even where the machine has much to do."""
HOLDERS = count(1)


@dataclass(frozen=True, slots=True)
class Ground:
    """A namespace of the real cluster, and the images that go there, by the version of the model."""

    cluster: Cluster
    namespace: str
    images: Mapping[str, str]

    def record(self) -> ReleaseRecord:
        """The record as it stands in the cluster."""
        return ReleaseStore(SecretStorage(self.cluster, self.namespace, RELEASE), RELEASE).load()

    def workload(self, version: str, number: int, variables: Mapping[str, str], **changes: Any) -> Workload:
        """Small pods of a version, of the commit of that number."""
        identity = Identity("fraud", DIGESTS[version], "sha256:" + "a" * 64, f"{number:040d}", "0.1.0")
        fields = {
            "image": self.images[version],
            "replacement": ROLLING.replacement,
            "replicas": 1,
            "cpu": "5m",
            "memory": "64Mi",
            **changes,
        }
        return Workload(RELEASE, self.namespace, "staging", identity=identity, variables=variables, **fields)

    def content(self, version: str, number: int, variables: Mapping[str, str], **changes: Any) -> Content:
        """The kit's own manifests of it, and settings that no other version has: what is left of one is seen."""
        workload = self.workload(version, number, variables, **changes)
        return content_of(workload, (*kit_manifests(workload), settings(workload, version)))


def settings(workload: Workload, version: str) -> Object:
    """A ConfigMap of the version."""
    metadata = {"name": f"{RELEASE}-{version}", "namespace": workload.namespace, "labels": labels(workload)}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"version": version}}


def content_of(workload: Workload, manifests: Sequence[Object]) -> Content:
    """What is released: a workload by its manifests."""
    identity = workload.identity
    made = tuple(impatient(each) for each in manifests)
    return Content(workload.image, identity.model_digest, made, workload.port, identity.commit, int(identity.commit))


def impatient(manifest: Object) -> Object:
    """The manifest with probes that ask each second, and as much processor time as a pod wants: tests wait for both."""

    def change(container: dict[str, Any]) -> None:
        for probe in ("startupProbe", "readinessProbe"):
            if probe in container:
                container[probe] = {**container[probe], "periodSeconds": 1}
        resources = container.get("resources") or {}
        if "limits" in resources:
            container["resources"] = {**resources, "limits": {**resources["limits"], "cpu": "2"}}

    return manifest if manifest["kind"] != "Deployment" else with_container(manifest, change)


def with_container(deployment: Object, change: Callable[[dict[str, Any]], None]) -> Object:
    """The Deployment with another container."""

    def change_pod(pod: dict[str, Any]) -> None:
        first = dict(pod["containers"][0])
        change(first)
        pod["containers"] = [first]

    return with_pod(deployment, change_pod)


def with_pod(deployment: Object, change: Callable[[dict[str, Any]], None]) -> Object:
    """The Deployment with another specification of its pods."""
    template = deployment["spec"]["template"]
    pod = dict(template["spec"])
    change(pod)
    return {**deployment, "spec": {**deployment["spec"], "template": {**template, "spec": pod}}}


def changed(content: Content, kind: str, change: Callable[[Object], Object]) -> Content:
    """The content with the objects of a kind changed."""
    manifests = tuple(change(each) if each["kind"] == kind else each for each in content.manifests)
    return replace(content, manifests=manifests)


def a_deployer(ground: Ground, through: Cluster | None = None, *, lease_seconds: int = 15, **options: Any) -> Deployer:
    """A deployer that nobody else is; `through` is the way on which it reaches the cluster."""
    cluster, clock = through or ground.cluster, ThisClock()
    by = options.pop("by", f"deployer {next(HOLDERS)}")
    seconds = options.pop("ready_within", READY_WITHIN_SECONDS)
    destination = Destination(ground.namespace, RELEASE, "staging", ready_within_seconds=seconds, by=by)
    site = KubernetesSite(cluster, destination)
    lease = Lease(site.leases, RELEASE, holder=by, clock=clock, duration_seconds=lease_seconds)
    return Deployer(site, clock, lease, destination, load_strategy, **options)


def deploy(ground: Ground, wanted: Content, through: Cluster | None = None, **options: Any) -> Released:
    """Releases a content."""
    expected = Expected(wanted.port, wanted.model_digest, GOLDEN)
    return release(a_deployer(ground, through, **options), wanted, expected)


def go_back(ground: Ground, through: Cluster | None = None, **options: Any) -> Released:
    """Rolls back."""
    return roll_back(a_deployer(ground, through, **options))
