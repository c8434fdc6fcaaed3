"""The lease of a release: one deployer at a time, and a dead one's place is free after a while.

A coordination.k8s.io Lease, as client-go's leader election uses it: whoever holds it renews it; who waits believes no
timestamp of another machine, and takes it over only after it has seen it unchanged for the whole duration by its own
clock. A holder that was stopped for longer finds out by `check`, and the release's record, which its successor has
written since, refuses its next write.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pipeline_kit.contract.cluster import Cluster, Kind, Object
from pipeline_kit.deploy.clock import Clock
from pipeline_kit.errors import InfrastructureError, KitError

LEASE = Kind("coordination.k8s.io/v1", "Lease")
DURATION_SECONDS = 15
LONGEST_SECONDS = 120
"""No holder may ask for more: a damaged object would hold up releases for ever."""
RACES = 3  # against others who want a free lease too


class Lease:
    """The lease of one release; `holder` names this deployer to others, and differs from all other names.

    `transitions` counts the holders that there have been.
    """

    def __init__(
        self,
        cluster: Cluster,
        namespace: str,
        release: str,
        *,
        holder: str,
        clock: Clock,
        duration_seconds: int = DURATION_SECONDS,
    ) -> None:
        self.name = f"pipeline-kit.{release}"
        self.holder = holder
        self.transitions = 0
        self._cluster, self._namespace, self._release, self._clock = cluster, namespace, release, clock
        self._duration = duration_seconds
        self._mine: Object | None = None
        self._renewed = 0.0
        self._lost: str | None = None

    def acquire(self) -> None:
        """Takes the lease, waiting for as long as a dead holder's still counts.

        Raises InfrastructureError naming the holder as soon as it shows signs of life.
        """
        for _ in range(RACES):
            found = self._cluster.get(LEASE, self.name, self._namespace)
            if found is not None and holder_of(found) not in ("", self.holder):
                found = self._watch(found)
            start, document = self._clock.seconds(), self._document(found)
            if found is None:
                written = self._cluster.create(document, namespace=self._namespace)
            else:
                written = self._cluster.replace(document, namespace=self._namespace)
            if self._keep(written, start):
                return
        raise self._busy(found)

    def renew(self) -> None:
        """Says that this deployer still works; what goes wrong is kept for `check`."""
        if self._mine is None or self._lost:
            return
        try:
            start = self._clock.seconds()
            written = self._cluster.replace(self._document(self._mine), namespace=self._namespace)
            if not self._keep(written, start):
                now = self._cluster.get(LEASE, self.name, self._namespace)
                self._lost = f"{holder_of(now) or 'nobody'} holds it now" if now else "it was deleted"
        except KitError as error:
            if self._clock.seconds() - self._renewed >= self._duration:
                self._lost = error.message

    def check(self) -> None:
        """Raises InfrastructureError where this deployer may no longer hold the lease."""
        if self._lost is None and self._clock.seconds() - self._renewed >= self._duration:
            self._lost = f"it was not renewed for {self._duration} s"
        if self._lost:
            hint = "run the same command again: it finishes what was begun"
            raise InfrastructureError(f"the lease of release {self._release} was lost: {self._lost}", hint=hint)

    def give_back(self) -> None:
        """Frees the lease, so that nobody has to wait; where that fails it frees itself in time."""
        if self._mine is None or self._lost:
            return
        spec = {**self._mine["spec"], "holderIdentity": ""}
        try:
            self._cluster.replace({**self._mine, "spec": spec}, namespace=self._namespace)
        except KitError as error:
            self._lost = error.message
        self._mine = None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Holds the lease, renewed by a thread, for as long as the block runs."""
        self.acquire()
        done = threading.Event()
        thread = threading.Thread(target=self._renew_until, args=(done,), daemon=True, name=self.name)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join(timeout=self._duration)
            if not thread.is_alive():  # else a renewal hangs, and the lease ends by itself
                self.give_back()

    def _renew_until(self, done: threading.Event) -> None:
        while not done.wait(self._duration / 3):
            self.renew()

    def _watch(self, seen: Object) -> Object | None:
        """The lease when it is free: given back, gone, or not renewed for as long as its holder promised to."""
        spec = seen.get("spec") or {}
        promised = spec.get("leaseDurationSeconds")
        duration = min(promised, LONGEST_SECONDS) if isinstance(promised, int) and promised > 0 else self._duration
        end = self._clock.seconds() + duration
        while self._clock.seconds() < end:
            self._clock.wait(min(1.0, duration / 10))
            now = self._cluster.get(LEASE, self.name, self._namespace)
            if now is None or not holder_of(now):
                return now
            if now["metadata"]["resourceVersion"] != seen["metadata"]["resourceVersion"]:
                raise self._busy(now)
        return seen

    def _keep(self, written: Object | None, start: float) -> bool:
        """Whether the write counts: also where its first try did, and the answer to that was lost."""
        if written is None:
            written = self._cluster.get(LEASE, self.name, self._namespace)
            if written is None or holder_of(written) != self.holder:
                return False
        self._mine, self._renewed = written, start
        self.transitions = int(written["spec"].get("leaseTransitions") or 0)
        return True

    def _document(self, old: Object | None) -> dict[str, Any]:
        spec: Mapping[str, Any] = (old.get("spec") or {}) if old else {}
        now = self._clock.date()
        again = spec.get("holderIdentity") == self.holder
        transitions = int(spec.get("leaseTransitions") or 0)
        return {
            "apiVersion": LEASE.api_version,
            "kind": LEASE.kind,
            "metadata": dict(old["metadata"]) if old else {"name": self.name},
            "spec": {
                "holderIdentity": self.holder,
                "leaseDurationSeconds": self._duration,
                "acquireTime": spec.get("acquireTime", now) if again else now,
                "renewTime": now,
                "leaseTransitions": transitions if again else transitions + 1,
            },
        }

    def _busy(self, lease: Object | None) -> InfrastructureError:
        who = holder_of(lease) if lease else ""
        hint = "run it again when that has ended; the lease of a dead one expires by itself"
        return InfrastructureError(f"release {self._release} is worked on by {who or 'another deployer'}", hint=hint)


def holder_of(lease: Object) -> str:
    """Who holds a lease; empty where nobody does."""
    return str((lease.get("spec") or {}).get("holderIdentity") or "")
