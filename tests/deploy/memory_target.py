"""A target in memory: revisions that run, the requests that each gets, a record and a lease.

One file, as a package from outside would have it: the tests of strategies import it, and the test of plugins installs
a copy.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pipeline_kit.contract.serving import Answer
from pipeline_kit.deploy.changes import ObjectChange
from pipeline_kit.deploy.clock import Clock
from pipeline_kit.deploy.destination import Destination
from pipeline_kit.deploy.failure import ReleaseError
from pipeline_kit.deploy.record import Content
from pipeline_kit.deploy.steps import Action
from pipeline_kit.deploy.storage import LeaseEntry, StoredRecord
from pipeline_kit.deploy.target import Access, Serving
from pipeline_kit.deploy.waiting import wait_until
from pipeline_kit.deploy.workload import Workload

Key = str


def key_of(content: Content) -> Key:
    """A name for the content: its image and all that it is configured with."""
    text = json.dumps([content.image, list(content.manifests)], sort_keys=True)
    return f"{content.image.rpartition('@')[2][7:11]}-{hashlib.sha256(text.encode()).hexdigest()[:6]}"


def nothing(moment: str) -> None:
    """Nothing happens at that moment."""


@dataclass
class Memory:
    """What is there, whichever deployer lives or dies.

    `running` has the instances of each revision, `leftovers` what only retiring a revision removes. `behaviours` says
    by image how its instances go wrong. `at` is called before and after each call, and may do anything.
    """

    at: Callable[[str], None] = nothing
    running: dict[Key, int] = field(default_factory=dict)
    leftovers: set[Key] = field(default_factory=set)
    shares: dict[Key, int] = field(default_factory=dict)
    behaviours: dict[str, str] = field(default_factory=dict)
    record: StoredRecord | None = None
    lease: LeaseEntry | None = None
    changes: list[str] = field(default_factory=list)
    writes: int = 0

    def next_version(self) -> str:
        """A version that no write had before."""
        self.writes += 1
        return str(self.writes)


@dataclass(frozen=True)
class MemoryRecords:
    """The record, replaced only where its version is as it was seen."""

    memory: Memory
    name: str = "memory of the record"

    def read(self) -> StoredRecord | None:
        self.memory.at("before: read the record")
        return self.memory.record

    def write(self, packed: bytes, transitions: int, over: StoredRecord | None) -> StoredRecord | None:
        self.memory.at("before: write the record")
        if (self.memory.record and self.memory.record.version) != (over and over.version):
            return None
        self.memory.record = StoredRecord(packed, transitions, self.memory.next_version())
        self.memory.at("after: write the record")
        return self.memory.record


@dataclass(frozen=True)
class MemoryLease:
    """The lease, replaced only where its version is as it was seen."""

    memory: Memory

    def read(self) -> LeaseEntry | None:
        return self.memory.lease

    def write(self, entry: LeaseEntry, over: LeaseEntry | None) -> LeaseEntry | None:
        if (self.memory.lease and self.memory.lease.version) != (over and over.version):
            return None
        self.memory.lease = replace(entry, version=self.memory.next_version())
        return self.memory.lease


@dataclass(frozen=True)
class MemoryInstance:
    """One instance, as good as its behaviour."""

    name: str
    content: Content
    behaviour: str

    def __str__(self) -> str:
        return f"instance {self.name}"

    def ask(self, port: int, method: str, path: str, body: bytes | None = None) -> Answer | None:
        if self.behaviour == "silent":
            return None
        model = "sha256:" + "0" * 64 if self.behaviour == "wrong model" else self.content.model_digest
        if path != "/predict":
            return Answer(200, json.dumps({"model_digest": model}).encode(), 0.0)
        more = 1 if self.behaviour == "wrong prediction" else 0
        rows = json.loads(body or b"{}")["rows"]
        predictions = [{"id": row["id"], "prediction": 2 * row["value"] + more} for row in rows]
        return Answer(200, json.dumps({"predictions": predictions, "model": model}).encode(), 0.0)


@dataclass(frozen=True)
class MemoryRollout:
    """Starts, shares and retires. One that is started in place, and is good, ends the instances of all others."""

    memory: Memory
    destination: Destination
    clock: Clock
    allowed: Callable[[], None]

    def replicas(self, content: Content) -> int:
        return int(content.manifests[0]["replicas"])

    def unable(self, action: Action, content: Content) -> str | None:
        return None

    def refuse_other(self, live: Content | None, content: Content | None) -> None:
        self.memory.at("before: refuse other")

    def refuse(self, content: Content, live: Content | None) -> None:
        self.memory.at("before: refuse")

    def start(self, content: Content, replicas: int, *, in_place: bool) -> None:
        replaces = in_place and not self.behaviour(content)
        others = {} if replaces else self.memory.running
        self.change(f"start {key_of(content)}", running={**others, key_of(content): replicas})
        self.change(f"keep {key_of(content)}", leftovers={*self.memory.leftovers, key_of(content)})
        if replaces:
            self.change(f"share {key_of(content)}", shares={key_of(content): 100})

    def wait(self, content: Content, *, patient: bool = False) -> None:
        def look() -> bool | None:
            self.memory.at(f"before: look at {key_of(content)}")
            self.allowed()
            fault = self.fault(content)
            if fault and not patient:
                raise fault
            if key_of(content) not in self.memory.running:
                self.start(content, self.replicas(content), in_place=True)
            return True if fault is None and self.behaviour(content) != "never ready" else None

        if wait_until(look, self.clock, self.destination.ready_within_seconds) is None:
            raise ReleaseError(f"not ready after {self.destination.ready_within_seconds:g} s")

    def set_shares(self, new: Content, live: Content | None, new_percent: int) -> None:
        old = {key_of(live): 100 - new_percent} if live else {}
        shares = {key: percent for key, percent in {key_of(new): new_percent, **old}.items() if percent}
        self.change(f"share {new_percent}", shares=shares)

    def serving(self, content: Content, *, ready_only: bool = False) -> Serving:
        self.memory.at(f"before: query {key_of(content)}")
        count, behaviour = self.memory.running.get(key_of(content), 0), self.behaviour(content)
        names = (f"{key_of(content)}-{number}" for number in range(count))
        instances = tuple(MemoryInstance(name, content, behaviour) for name in names)
        return Serving(instances, None if instances else "no instance serves")

    def fault(self, content: Content) -> ReleaseError | None:
        if key_of(content) not in self.memory.running:
            return ReleaseError("the instances are gone")
        return ReleaseError("an instance crashes again and again") if self.behaviour(content) == "crash" else None

    def retire(self, content: Content, keep: Content | None) -> None:
        key = key_of(content)
        running = {other: count for other, count in self.memory.running.items() if other != key}
        self.change(f"retire {key}", running=running, leftovers=self.memory.leftovers - {key})
        if keep is None:
            self.change(f"share nothing of {key}", shares={})

    def changes(self, content: Content, live: Content | None) -> tuple[ObjectChange, ...]:
        return (ObjectChange(key_of(content), "" if key_of(content) in self.memory.running else "created"),)

    def behaviour(self, content: Content) -> str:
        """How instances of the content go wrong; empty where they do not."""
        return self.memory.behaviours.get(content.image, "")

    def change(self, what: str, **values: Any) -> None:
        """One change, while the lease is held, and the moments before and after it."""
        self.memory.at(f"before: {what}")
        self.allowed()
        for name, value in values.items():
            setattr(self.memory, name, value)
        self.memory.changes.append(what)
        self.memory.at(f"after: {what}")


@dataclass(frozen=True)
class MemorySite:
    """One release in memory."""

    memory: Memory
    destination: Destination

    def name(self) -> str:
        return "memory"

    @property
    def records(self) -> MemoryRecords:
        return MemoryRecords(self.memory)

    @property
    def leases(self) -> MemoryLease:
        return MemoryLease(self.memory)

    def rollout(self, clock: Clock, allowed: Callable[[], None], log: Callable[[str], None]) -> MemoryRollout:
        return MemoryRollout(self.memory, self.destination, clock, allowed)


@dataclass(frozen=True)
class MemoryTarget:
    """A memory for each namespace."""

    memories: dict[str, Memory] = field(default_factory=dict)

    def release_name(self, project: str) -> str:
        return project

    def manifests(self, workload: Workload, files: Sequence[tuple[str, str]]) -> tuple[dict[str, Any], ...]:
        return ({"name": workload.release, "replicas": workload.replicas},)

    def names(self, manifests: Sequence[Any]) -> tuple[str, ...]:
        return tuple(str(manifest["name"]) for manifest in manifests)

    def open(self, world: object, access: Access, destination: Destination) -> MemorySite:
        return MemorySite(self.memories.setdefault(destination.namespace, Memory()), destination)


MEMORY = MemoryTarget()
