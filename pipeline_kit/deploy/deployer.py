"""Who releases: from the record's first word to pods that were asked, forward whole or back whole.

The record is written before the first change and after each step. Whoever finds a revision that is neither live nor
taken back goes on with it, where it is what is to be released, or takes it back first.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from pipeline_kit.contract.cluster import Cluster
from pipeline_kit.deploy.clock import Clock
from pipeline_kit.deploy.failure import ReleaseError
from pipeline_kit.deploy.lease import Lease
from pipeline_kit.deploy.place import Place
from pipeline_kit.deploy.record import (
    Content,
    ReleaseRecord,
    Revision,
    State,
    Step,
    advance,
    begin,
    finish,
    give_up,
    taken_back,
)
from pipeline_kit.deploy.targets.kubernetes.objects import Objects
from pipeline_kit.deploy.targets.kubernetes.refusals import refuse
from pipeline_kit.deploy.targets.kubernetes.rollout import Rollout
from pipeline_kit.deploy.targets.kubernetes.served_pods import verify_pods
from pipeline_kit.deploy.targets.kubernetes.store import ReleaseStore
from pipeline_kit.deploy.verification import Expected
from pipeline_kit.errors import InfrastructureError, KitError

LEFT_BEHIND = "its deployer ended before it was live"


def silent(line: str) -> None:
    """Says nothing."""


def unannounced(number: int) -> None:
    """Nobody else wants to know."""


@dataclass(frozen=True, slots=True)
class Released:
    """The revision that is live, the one that was before, and the pods that were asked.

    `changed` is false where the very same was live already.
    """

    revision: Revision
    before: Revision | None
    pods: tuple[str, ...]
    changed: bool = True


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be released: the content, what its pods must answer, and the revision it goes back to, if any."""

    content: Content
    expected: Expected
    rollback_to: int | None = None


class Deployer:
    """One deployer of one release, who holds its lease.

    `announce` is told the number of each revision before anything of it is in the cluster, and may raise.
    """

    def __init__(
        self,
        cluster: Cluster,
        clock: Clock,
        lease: Lease,
        place: Place,
        *,
        log: Callable[[str], None] = silent,
        announce: Callable[[int], None] = unannounced,
    ) -> None:
        self.place, self.log = place, log
        self.record = ReleaseRecord(place.release)
        self.lease = lease
        self._clock, self._announce = clock, announce
        self._store = ReleaseStore(cluster, place.namespace, place.release)
        self._rollout = Rollout(Objects(cluster, place.namespace, clock, lease.check), place, log)

    def load(self) -> None:
        """Reads the record. Raises InfrastructureError where a later holder of the lease has written it."""
        self.record = self._store.load()
        self._store.held_by(self.lease.transitions)

    def release(self, order: Order, allowed: Callable[[Revision | None], None]) -> Released:
        """Brings the order live, or leaves what was live; `allowed` may refuse it by what is live.

        Raises ReleaseError where pods are not as they should be, other KitErrors where something else is in the way.
        """
        if self.begun(order):
            return self.carry_out(order)
        self.settle()
        live = self.record.live
        if live is not None and same(live.content, order.content):
            return self.confirm(live, order.expected)
        allowed(live)
        refuse(self._rollout, order.content, live)
        self._announce(self.record.next_number)
        return self.carry_out(order)

    def begun(self, order: Order) -> bool:
        """Whether a deployer that ended too early was releasing the same: then this one goes on."""
        found = self.record.unfinished
        goes_on = found is not None and found.state is State.BEGUN and same(found.content, order.content)
        if found is not None and goes_on:
            self.log(f"going on with revision {found.number}, which {found.by or 'another deployer'} began")
            self._announce(found.number)
        return goes_on

    def settle(self) -> None:
        """Takes back what another deployer left unfinished."""
        if self.record.unfinished is None:
            return
        try:
            self.take_back(LEFT_BEHIND)
        except ReleaseError as error:  # all is as it was, and did not get well by that: what comes now may mend it
            self.log(f"what was live before is applied again, but {error.message}")
            self.save(taken_back(self.record))

    def carry_out(self, order: Order) -> Released:
        """Takes the order through all steps; what fails is taken back at once."""
        before = self.record.live
        found = self.record.unfinished
        number = found.number if found else self.record.next_number
        try:
            if found is None:
                self.begin(number, order)
            pods = self.go_forward(order)
        except BaseException as error:
            self.undo(number, error)
            raise
        assert self.record.live is not None
        self.log(f"revision {number} is live: {order.content.image}")
        return Released(self.record.live, before, pods)

    def begin(self, number: int, order: Order) -> None:
        """Writes into the record what is to come."""
        date = self._clock.date()
        revision = Revision(number, order.content, date=date, by=self.place.by, rollback_to=order.rollback_to)
        self.save(begin(self.record, revision))
        self.log(f"revision {number} begins")

    def go_forward(self, order: Order) -> tuple[str, ...]:
        """Applies, waits, asks, prunes, and looks once more; the pods that serve."""
        content, live = order.content, self.record.live
        self.step(Step.APPLY)
        self._rollout.apply(content.manifests)
        self.step(Step.READY)
        self._rollout.wait(content.manifests)
        self.step(Step.VERIFY)
        pods = verify_pods(self._rollout, content, order.expected)
        self.step(Step.PRUNE)
        if live is not None:
            self._rollout.prune(live.content.manifests, content.manifests)
        self._rollout.wait(content.manifests)  # somebody may have changed the cluster since
        self.save(finish(self.record))
        return pods

    def confirm(self, live: Revision, expected: Expected) -> Released:
        """Applies what is live once more, which mends what others changed, and asks its pods."""
        self.log(f"the same is live already, as revision {live.number}")
        self._announce(live.number)
        self._rollout.apply(live.content.manifests)
        self._rollout.wait(live.content.manifests)
        pods = verify_pods(self._rollout, live.content, expected)
        return Released(live, self.record.before_live, pods, changed=False)

    def undo(self, number: int, error: BaseException) -> None:
        """Takes the revision back after the error, whose message then says so.

        Where that fails too, the record says how far it got, and the error what the next deployer will find.
        """
        try:
            self.record = self._store.load_again(self.record)  # the error may have come in the middle of a write
            found = self.record.unfinished
            if found is None or found.number != number:
                return
            self.take_back(told(error))
            if isinstance(error, KitError):
                amend(error, f"; revision {number} was taken back, {self.live_now()}")
        except KitError as second:
            self.log(f"revision {number} could not be taken back: {second.message}")
            if isinstance(error, KitError):
                amend(error, f"; taking it back failed too: {second.message}")
                error.hint = "run the same command again: it finishes what was begun"
                if isinstance(second, InfrastructureError):
                    error.category = second.category

    def take_back(self, reason: str) -> None:
        """Brings back what is live by the record, whole; where nothing is, removes all that was begun.

        Raises ReleaseError where all of it is applied again, and does not get ready.
        """
        failed = self.record.unfinished
        assert failed is not None
        live = self.record.live
        self.log(f"taking revision {failed.number} back: {reason}")
        if failed.state is State.BEGUN:
            self.save(give_up(self.record, reason))
        if failed.step is not Step.PREPARED:
            if live is None:
                self._rollout.remove(failed.content.manifests)
            else:
                self.bring_back(live, failed)
        self.save(taken_back(self.record))
        self.log(f"revision {failed.number} is taken back, {self.live_now()}")

    def bring_back(self, live: Revision, failed: Revision) -> None:
        """Applies the live revision over the failed one, and waits until its pods serve again."""
        manifests = live.content.manifests
        self._rollout.apply(manifests)
        self._rollout.prune(failed.content.manifests, manifests)
        self._rollout.wait(manifests, patient=True)
        verify_pods(self._rollout, live.content, expected_of(live.content))

    def live_now(self) -> str:
        """What is live, in words."""
        live = self.record.live
        return f"revision {live.number} is live" if live else "nothing is live"

    def step(self, step: Step) -> None:
        """Says in the record which step is begun."""
        found = self.record.unfinished
        if found is None or found.step is not step:
            self.save(advance(self.record, step))

    def save(self, record: ReleaseRecord) -> None:
        """Writes the record, while the lease is held."""
        self.lease.check()
        self._store.save(record)
        self.record = record


def expected_of(content: Content) -> Expected:
    """What the pods of a recorded revision must answer: by which model they predict."""
    return Expected(content.port, content.model_digest)


def same(one: Content, other: Content) -> bool:
    """Whether two contents are the same, as JSON has them."""
    return canonical(one) == canonical(other)


def canonical(content: Content) -> str:
    """All that a content consists of, in one way."""
    told = [content.image, content.model_digest, content.port, content.commit, list(content.manifests)]
    return json.dumps(told, sort_keys=True, allow_nan=False)


def told(error: BaseException) -> str:
    """The error in words."""
    return error.message if isinstance(error, KitError) else str(error) or type(error).__name__


def amend(error: KitError, more: str) -> None:
    """Appends to an error's message."""
    error.message += more
    error.args = (error.message,)
