"""Releases on the cluster in memory, by deployers that may be killed, and what the cluster then holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from pipeline_kit.contract.cluster import Cluster, Object
from pipeline_kit.deploy.deployer import Deployer, Released, same
from pipeline_kit.deploy.destination import Destination
from pipeline_kit.deploy.lease import Lease
from pipeline_kit.deploy.record import Content, ReleaseRecord
from pipeline_kit.deploy.release import release, roll_back
from pipeline_kit.deploy.store import ReleaseStore
from pipeline_kit.deploy.strategies import load_strategy
from pipeline_kit.deploy.strategies.rolling import ROLLING
from pipeline_kit.deploy.targets.kubernetes.manifests import kit_manifests
from pipeline_kit.deploy.targets.kubernetes.record_storage import SecretStorage
from pipeline_kit.deploy.targets.kubernetes.site import KubernetesSite
from pipeline_kit.deploy.verification import Expected
from pipeline_kit.deploy.workload import Identity, Workload
from pipeline_kit.images.serve.golden_requests import Golden
from pipeline_kit.testing.cluster import FakeCluster
from tests.deploy.controllers import Controllers, pods_of
from tests.deploy.releases import node

MODELS = {number: "sha256:" + str(number) * 64 for number in range(1, 6)}
IMAGES = {number: f"registry.example/fraud@sha256:{str(number + 3) * 64}" for number in range(1, 6)}
GOLDEN = (Golden("test", True, ({"id": "a", "value": 2},), ("a",), ({"prediction": "4"},)),)
HOLDERS = count(1)


class Killed(BaseException):
    """The process is gone: nothing of it runs on."""


@dataclass
class Time:
    """A clock that moves when somebody waits; meanwhile the lease is renewed, as its thread would."""

    now: float = 1000.0
    leases: list[Lease] = field(default_factory=list)

    def seconds(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds
        for each in self.leases:
            each.renew()

    def date(self) -> str:
        return f"2030-01-01T00:00:00.{self.now:06.0f}Z"


def a_cluster(**changes: Any) -> FakeCluster:
    """A cluster with one large node, whose controllers work."""
    cluster = Controllers({IMAGES[number]: model for number, model in MODELS.items()}).attach(FakeCluster(**changes))
    cluster.put(node("node-1", {"cpu": "16", "memory": "32Gi"}), None)
    return cluster


def content(number: int, behaviour: str = "", *, time: int | None = None, **changes: Any) -> Content:
    """The content of version `number`, whose pods behave so."""
    model, variables = MODELS[number], {"BEHAVIOUR": behaviour} if behaviour else {}
    identity = Identity("fraud", model, "sha256:" + "a" * 64, f"{number:040d}", "0.1.0")
    fields = {"release": "fraud", "namespace": "default", "environment": "staging", "image": IMAGES[number]}
    workload = Workload(
        **{"identity": identity, "replacement": ROLLING.replacement, "variables": variables, **fields, **changes}
    )
    manifests = kit_manifests(workload)
    return Content(workload.image, model, manifests, 8000, identity.commit, number * 100 if time is None else time)


def a_deployer(cluster: Cluster, *, clock: Time | None = None, **options: Any) -> Deployer:
    """A deployer that nobody else is."""
    clock = clock or Time()
    destination = Destination("default", "fraud", "staging", ready_within_seconds=60, by="the test")
    site = KubernetesSite(cluster, destination)
    lease = Lease(site.leases, "fraud", holder=f"deployer {next(HOLDERS)}", clock=clock)
    clock.leases.append(lease)
    return Deployer(site, clock, lease, destination, load_strategy, **options)


def deploy(cluster: Cluster, wanted: Content, golden: Sequence[Golden] = GOLDEN, **options: Any) -> Released:
    """Releases a content."""
    expected = Expected(wanted.port, wanted.model_digest, golden)
    return release(a_deployer(cluster), wanted, expected, **options)


def go_back(cluster: Cluster, to: int | None = None) -> Released:
    """Rolls back."""
    return roll_back(a_deployer(cluster), to)


def record_of(cluster: Cluster) -> ReleaseRecord:
    """The record as it stands in the cluster."""
    return store_of(cluster).load()


def store_of(cluster: Cluster) -> ReleaseStore:
    """The record's store in the cluster."""
    return ReleaseStore(SecretStorage(cluster, "default", "fraud"), "fraud")


def states(cluster: Cluster) -> list[str]:
    """What became of each revision."""
    return [each.state.value for each in record_of(cluster).revisions]


def holds(cluster: FakeCluster, wanted: Content | None) -> bool:
    """Whether the cluster holds this content whole and nothing else of the release, and its record says so."""
    found = {(key[1], key[3]): each for key, each in cluster.objects.items() if key[1] not in APART}
    live = record_of(cluster).live
    if wanted is None:
        return not found and live is None and not pods_of(cluster, "fraud")
    expected = {(str(each["kind"]), str(each["metadata"]["name"])): each for each in wanted.manifests}
    whole = found.keys() == expected.keys() and all(is_as(found[each], expected[each]) for each in expected)
    pods = pods_of(cluster, "fraud")
    serve = bool(pods) and all(pod["spec"]["containers"][0]["image"] == wanted.image for pod in pods)
    return whole and serve and live is not None and same(live.content, wanted) and record_of(cluster).unfinished is None


APART = ("Secret", "Lease", "Pod", "Node", "Namespace", "Event", "ResourceQuota")
"""Kinds that the release's own objects are not of."""


def is_as(found: Object, wanted: Object) -> bool:
    """Whether an object is what its manifest says, with nothing of another revision in it."""
    labels = found["metadata"].get("labels") == wanted["metadata"].get("labels")
    return labels and {**found, "metadata": 0, "status": 0, "apiVersion": 0} == {
        **wanted,
        "metadata": 0,
        "status": 0,
        "apiVersion": 0,
    }


@dataclass
class Mortal:
    """Kills a deployer at its n-th call to the cluster: before it, or `late`, when it is done and nobody hears."""

    at: int
    late: bool = False
    calls: int = 0

    def before(self, call: str, what: str) -> None:
        """Counts; the dead call nothing."""
        self.calls += 1
        if self.calls > self.at or (self.calls == self.at and not self.late):
            raise Killed

    def kill(self, cluster: FakeCluster, work: Callable[[FakeCluster], object]) -> bool:
        """Whether the work was killed; the cluster then is as it left it, and works again."""
        after = cluster.after

        def too_late(found: FakeCluster, call: str, what: str) -> None:
            after(found, call, what)
            if self.late and self.calls == self.at and call != "put":
                self.calls += 1
                raise Killed

        cluster.before, cluster.after = self.before, too_late
        try:
            work(cluster)
        except Killed:
            return True
        finally:
            cluster.before, cluster.after = (lambda call, what: None), after
        return self.calls >= self.at and self.at <= self.calls and self.late is False
