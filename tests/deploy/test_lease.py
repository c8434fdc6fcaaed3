"""Two deployers: one works, the other is told who does; and a dead one's place is free after a while."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pipeline_kit.contract.cluster import Object
from pipeline_kit.deploy.lease import Lease
from pipeline_kit.deploy.targets.kubernetes.lease_storage import LEASE, ClusterLease
from pipeline_kit.errors import InfrastructureError
from pipeline_kit.testing.cluster import FakeCluster


@dataclass
class Time:
    """A clock that moves only when somebody waits; `then` is done at each wait."""

    now: float = 1000.0
    year: int = 2030

    def seconds(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def date(self) -> str:
        return f"{self.year}-01-01T00:00:00.{self.now:06.0f}Z"


def lease(cluster: FakeCluster, holder: str, clock: Time) -> Lease:
    return Lease(ClusterLease(cluster, "default", "fraud"), "fraud", holder=holder, clock=clock, duration_seconds=15)


def test_one_after_the_other() -> None:
    """A lease that was given back is taken at once, and each holder is counted."""
    cluster, clock = FakeCluster(), Time()
    first, second = lease(cluster, "one", clock), lease(cluster, "two", clock)
    with first.held():
        first.check()
    with second.held():
        second.check()
    assert (first.transitions, second.transitions) == (1, 2)
    assert clock.now == 1000.0


def test_a_living_holder_is_named() -> None:
    """Whoever comes second is refused as soon as the first shows that it lives, whatever the clocks say."""
    cluster, clock = FakeCluster(), Time()
    first = lease(cluster, "build 7 on agent-3", clock)
    first.acquire()

    @dataclass
    class Meanwhile(Time):
        def wait(self, seconds: float) -> None:
            super().wait(seconds)
            clock.wait(seconds)
            first.renew()

    second = lease(cluster, "two", Meanwhile(year=1999))
    with pytest.raises(InfrastructureError, match="build 7 on agent-3"):
        second.acquire()


def test_a_dead_holder_is_followed() -> None:
    """Not before it has been silent for its whole duration by the follower's own clock; then it has lost the lease."""
    cluster, clock = FakeCluster(), Time()
    dead, own = lease(cluster, "dead", clock), Time()
    dead.acquire()
    follower = lease(cluster, "two", own)
    follower.acquire()
    assert own.now - 1000.0 >= 15
    dead.renew()
    with pytest.raises(InfrastructureError, match="two holds it now"):
        dead.check()


def test_a_holder_that_was_stopped_knows() -> None:
    """Whoever could not renew for the duration no longer counts on the lease."""
    clock = Time()
    stopped = lease(FakeCluster(), "one", clock)
    stopped.acquire()
    clock.wait(15)
    with pytest.raises(InfrastructureError, match="not renewed for 15 s"):
        stopped.check()


def test_an_answer_that_was_lost() -> None:
    """A create whose answer never came, and whose second try finds the name taken, still holds the lease."""
    cluster = FakeCluster()

    class Lossy(FakeCluster):
        def create(self, manifest: Object, *, namespace: str) -> None:
            cluster.create(manifest, namespace=namespace)

    lossy = Lossy(objects=cluster.objects)
    mine = lease(lossy, "one", Time())
    mine.acquire()
    mine.check()
    found = cluster.get(LEASE, "pipeline-kit.fraud", "default")
    assert found is not None
    assert found["spec"]["holderIdentity"] == "one"
