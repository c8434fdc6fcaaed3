"""Releases on the target in memory, by deployers that may be killed, and whether one revision is live there, whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pipeline_kit.deploy.deployer import Deployer, Released, same
from pipeline_kit.deploy.destination import Destination
from pipeline_kit.deploy.lease import Lease
from pipeline_kit.deploy.record import Content, ReleaseRecord
from pipeline_kit.deploy.release import release, roll_back
from pipeline_kit.deploy.store import ReleaseStore
from pipeline_kit.deploy.strategies import load_strategy
from pipeline_kit.deploy.strategy import Strategies
from pipeline_kit.deploy.verification import Expected
from tests.deploy.deploying import GOLDEN, HOLDERS, IMAGES, MODELS, Killed, Time
from tests.deploy.memory_target import Memory, MemoryRecords, MemorySite, key_of, nothing


def version(number: int, replicas: int = 2) -> Content:
    """The content of a version."""
    manifests = ({"name": "fraud", "replicas": replicas},)
    return Content(IMAGES[number], MODELS[number], manifests, 8000, f"{number:040d}", number * 100)


def deployer_on(memory: Memory, strategy: str | None = None, strategies: Strategies = load_strategy) -> Deployer:
    """A deployer with a name of its own."""
    destination, clock = Destination("default", "fraud", "staging", ready_within_seconds=60, by="the test"), Time()
    site = MemorySite(memory, destination)
    lease = Lease(site.leases, "fraud", holder=f"deployer {next(HOLDERS)}", clock=clock)
    clock.leases.append(lease)
    return Deployer(site, clock, lease, destination, strategies, strategy=strategy)


def deploy(memory: Memory, content: Content, deployer: Deployer | None = None) -> Released:
    """Releases a content."""
    expected = Expected(content.port, content.model_digest, GOLDEN)
    return release(deployer or deployer_on(memory), content, expected)


def go_back(memory: Memory) -> Released:
    """Rolls back."""
    return roll_back(deployer_on(memory))


def record_of(memory: Memory) -> ReleaseRecord:
    """The record as it is stored."""
    return ReleaseStore(MemoryRecords(memory), "fraud").load()


def holds(memory: Memory, content: Content | None) -> bool:
    """Whether this content is live whole, and nothing else is there, by the record too; None means nothing at all."""
    record = record_of(memory)
    key = None if content is None else key_of(content)
    count = 0 if content is None else int(content.manifests[0]["replicas"])
    running, shares = ({key: count}, {key: 100}) if key else ({}, {})
    there = (memory.running, memory.leftovers, memory.shares) == (running, {key} if key else set(), shares)
    live = record.live.content if record.live else None
    same_live = live is None if content is None else live is not None and same(live, content)
    return there and same_live and record.unfinished is None


@dataclass
class Moments:
    """Does something at the n-th moment of a release, or at none; `seen` has all moments by then."""

    number: int
    happen: Callable[[], None]
    seen: list[str] = field(default_factory=list)

    def __call__(self, moment: str) -> None:
        self.seen.append(moment)
        if len(self.seen) == self.number:
            self.happen()


@dataclass
class Death:
    """A process that is gone: from the n-th moment on, nothing of it runs."""

    number: int
    calls: int = 0

    def __call__(self, moment: str) -> None:
        self.calls += 1
        if self.calls >= self.number:
            raise Killed(moment)


def moments_of(memory: Memory, work: Callable[[Memory], object]) -> list[str]:
    """All moments of work that nothing disturbs."""
    moments = Moments(0, lambda: None)
    memory.at = moments
    work(memory)
    memory.at = nothing
    return moments.seen
