"""The lease of a release: one deployer at a time, and a dead one's place is free after a while.

As in client-go's leader election, whoever holds it renews it; who waits believes no timestamp of another machine, and
takes it over only after it has seen it unchanged for the whole duration by its own clock. A holder that was stopped for
longer finds out by `check`, and the release's record, which its successor has written since, refuses its next write.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from pipeline_kit.deploy.clock import Clock
from pipeline_kit.deploy.storage import LeaseEntry, LeaseStorage
from pipeline_kit.errors import InfrastructureError, KitError

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
        storage: LeaseStorage,
        release: str,
        *,
        holder: str,
        clock: Clock,
        duration_seconds: int = DURATION_SECONDS,
    ) -> None:
        self.name = f"pipeline-kit.{release}"
        self.holder = holder
        self.transitions = 0
        self._storage, self._release, self._clock = storage, release, clock
        self._duration = duration_seconds
        self._mine: LeaseEntry | None = None
        self._renewed = 0.0
        self._lost: str | None = None

    def acquire(self) -> None:
        """Takes the lease, waiting for as long as a dead holder's still counts.

        Raises InfrastructureError naming the holder as soon as it shows signs of life.
        """
        for _ in range(RACES):
            watch = self._storage.read()
            if watch is not None and watch.holder not in ("", self.holder):
                watch = self._watch(watch)
            start, entry = self._clock.seconds(), self._entry(watch)
            if self._keep(self._storage.write(entry, watch), start):
                return
        raise self._busy(watch)

    def renew(self) -> None:
        """Says that this deployer still works; what goes wrong is kept for `check`."""
        if self._mine is None or self._lost:
            return
        try:
            start = self._clock.seconds()
            written = self._storage.write(self._entry(self._mine), self._mine)
            if not self._keep(written, start):
                now = self._storage.read()
                self._lost = f"{now.holder or 'no deployer'} holds it now" if now else "it was deleted"
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
        """Releases the lease, so that no other deployer has to wait; if that fails it expires by itself."""
        if self._mine is None or self._lost:
            return
        try:
            self._storage.write(replace(self._mine, holder=""), self._mine)
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

    def _watch(self, seen: LeaseEntry) -> LeaseEntry | None:
        """The lease when it is free: given back, gone, or not renewed for as long as its holder promised to."""
        promised = seen.duration_seconds
        duration = self._duration if promised is None else min(promised, LONGEST_SECONDS)
        end = self._clock.seconds() + duration
        while self._clock.seconds() < end:
            self._clock.wait(min(1.0, duration / 10))
            now = self._storage.read()
            if now is None or not now.holder:
                return now
            if now.version != seen.version:
                raise self._busy(now)
        return seen

    def _keep(self, written: LeaseEntry | None, start: float) -> bool:
        """Whether the write counts: also where its first try did, and the answer to that was lost."""
        if written is None:
            written = self._storage.read()
            if written is None or written.holder != self.holder:
                return False
        self._mine, self._renewed = written, start
        self.transitions = written.transitions
        return True

    def _entry(self, old: LeaseEntry | None) -> LeaseEntry:
        now = self._clock.date()
        again = old is not None and old.holder == self.holder
        transitions = old.transitions if old is not None else 0
        return LeaseEntry(
            self.holder,
            self._duration,
            transitions if again else transitions + 1,
            acquired=(old.acquired or now) if old is not None and again else now,
            renewed=now,
        )

    def _busy(self, lease: LeaseEntry | None) -> InfrastructureError:
        who = lease.holder if lease else ""
        hint = "run it again when that has ended; the lease of a dead one expires by itself"
        return InfrastructureError(f"release {self._release} is worked on by {who or 'another deployer'}", hint=hint)
