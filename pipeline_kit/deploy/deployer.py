"""Runs the steps that a strategy gives it: forward whole, or the undo of those that were begun.

The record is written before the first change and before each step. A deployer that finds a revision which is neither
live nor rolled back continues it, where it is what is to be released, or rolls it back first.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from pipeline_kit.deploy.actions import Performer, Transition, expected_of
from pipeline_kit.deploy.clock import Clock
from pipeline_kit.deploy.destination import Destination
from pipeline_kit.deploy.failure import ReleaseError
from pipeline_kit.deploy.lease import Lease
from pipeline_kit.deploy.record import (
    PREPARED,
    Content,
    ReleaseRecord,
    Revision,
    State,
    abandon,
    advance,
    begin,
    finish,
    rolled_back,
)
from pipeline_kit.deploy.steps import Action, Side, Start, Step, Verify, remaining, undo_actions
from pipeline_kit.deploy.store import ReleaseStore
from pipeline_kit.deploy.strategy import Strategies
from pipeline_kit.deploy.target import Site
from pipeline_kit.deploy.verification import Expected
from pipeline_kit.errors import InfrastructureError, KitError

LEFT_BEHIND = "its deployer ended before it was live"


def silent(line: str) -> None:
    """Logs nothing."""


def unannounced(number: int) -> None:
    """Reports the number of a revision to nothing else."""


@dataclass(frozen=True, slots=True)
class Released:
    """The revision that is live, the one that was before, and the names of the instances that were verified.

    `changed` is false if the same content was live already.
    """

    revision: Revision
    before: Revision | None
    instances: tuple[str, ...]
    changed: bool = True


@dataclass(frozen=True, slots=True)
class Order:
    """A release request: content, expected answers of its instances, and the revision it rolls back to, if any."""

    content: Content
    expected: Expected
    rollback_to: int | None = None


class Deployer:
    """One deployer of one release, which holds its lease.

    `strategy` is the name for new revisions; `strategies` has those of older ones too. `announce` gets the number of
    each revision before anything of it is in the target, and may raise.
    """

    def __init__(
        self,
        site: Site,
        clock: Clock,
        lease: Lease,
        destination: Destination,
        strategies: Strategies,
        *,
        strategy: str | None = None,
        log: Callable[[str], None] = silent,
        announce: Callable[[int], None] = unannounced,
    ) -> None:
        self.destination, self.log = destination, log
        self.record = ReleaseRecord(destination.release)
        self.lease = lease
        self._clock, self._announce = clock, announce
        self._strategies, self._strategy = strategies, strategy
        self._store = ReleaseStore(site.records, destination.release)
        self.rollout = site.rollout(clock, lease.check, log)
        self._performer = Performer(self.rollout, clock, lease.check)

    def load(self) -> None:
        """Reads the record. Raises InfrastructureError where a later holder of the lease has written it."""
        self.record = self._store.load()
        self._store.held_by(self.lease.transitions)

    def release(self, order: Order, allowed: Callable[[Revision | None], None]) -> Released:
        """Makes the order live, or keeps the live revision; `allowed` may refuse the order, given the live revision.

        Raises ReleaseError where instances are not as they should be, other KitErrors for everything else.
        """
        if self.begun(order):
            return self.carry_out(order)
        self.roll_back_unfinished()
        live = self.record.live
        if live is not None and same(live.content, order.content):
            return self.confirm(live, order.expected)
        allowed(live)
        self.refuse(order, live)
        self._announce(self.record.next_number)
        return self.carry_out(order)

    def refuse(self, order: Order, live: Revision | None) -> None:
        """Raises a KitError where the target cannot, or should not, be given what is to be released."""
        transition = self.transition(order.content, live, order.expected)
        self._performer.refuse_unable(self.steps(self._strategy, transition), transition)
        self.rollout.refuse(order.content, transition.live)

    def begun(self, order: Order) -> bool:
        """Whether an earlier deployer left the same content unfinished; this one then resumes it."""
        unfinished = self.record.unfinished
        resumes = unfinished is not None and unfinished.state is State.BEGUN and same(unfinished.content, order.content)
        if unfinished is not None and resumes:
            self.log(f"resuming revision {unfinished.number}, which {unfinished.by or 'another deployer'} began")
            self._announce(unfinished.number)
        return resumes

    def roll_back_unfinished(self) -> None:
        """Rolls back what another deployer left unfinished."""
        if self.record.unfinished is None:
            return
        try:
            self.roll_back(LEFT_BEHIND)
        except ReleaseError as error:  # applied again but not ready: the release that follows may fix it
            self.log(f"the previous revision is applied again, but {error.message}")
            self.save(rolled_back(self.record))

    def carry_out(self, order: Order) -> Released:
        """Runs all steps of the order; a failure is rolled back at once."""
        before = self.record.live
        unfinished = self.record.unfinished
        number = unfinished.number if unfinished else self.record.next_number
        try:
            if unfinished is None:
                self.begin(number, order)
            instances = self.run_steps(order)
        except BaseException as error:
            self.undo(number, error)
            raise
        assert self.record.live is not None
        self.log(f"revision {number} is live: {order.content.image}")
        return Released(self.record.live, before, instances)

    def begin(self, number: int, order: Order) -> None:
        """Writes the new revision into the record as begun."""
        date = self._clock.date()
        by, back, strategy = self.destination.by, order.rollback_to, self._strategy
        revision = Revision(number, order.content, date=date, by=by, rollback_to=back, strategy=strategy)
        self.save(begin(self.record, revision))
        self.log(f"revision {number} begins")

    def run_steps(self, order: Order) -> tuple[str, ...]:
        """Runs the steps of the revision's strategy and makes it live; the instances that were verified last.

        No revision becomes live before this deployer has verified its instances, after the last one was started.
        """
        revision = self.record.unfinished
        assert revision is not None
        instances: tuple[str, ...] = ()
        transition = self.transition(order.content, self.record.live, order.expected)
        for step in remaining(self.steps(revision.strategy, transition), revision.step):
            self.step(step.name)
            for action in step.actions:
                verified = self._performer.perform(action, transition)
                instances = verified if concerns_instances(action) else instances
        instances = instances or self._performer.verify(order.content, order.expected)
        self.save(finish(self.record))
        return instances

    def steps(self, strategy: str | None, transition: Transition) -> tuple[Step, ...]:
        """The steps of a strategy for a transition."""
        return self._strategies(strategy).steps(self._performer.change(transition))

    def transition(self, new: Content, live: Revision | None, expected: Expected) -> Transition:
        """The transition from the live revision to the new content."""
        return Transition(new, None if live is None else live.content, expected)

    def confirm(self, live: Revision, expected: Expected) -> Released:
        """Applies the live revision again, which repairs changes by others, and verifies its instances."""
        self.log(f"the same is live already, as revision {live.number}")
        self._announce(live.number)
        self.rollout.start(live.content, self.rollout.replicas(live.content), in_place=True)
        self.rollout.wait(live.content)
        instances = self._performer.verify(live.content, expected)
        return Released(live, self.record.before_live, instances, changed=False)

    def undo(self, number: int, error: BaseException) -> None:
        """Rolls the revision back after the error, whose message then says so.

        If that fails too, the record says how far it got, and the error says what to run next.
        """
        try:
            self.record = self._store.load_again(self.record)  # the error may have come in the middle of a write
            unfinished = self.record.unfinished
            if unfinished is None or unfinished.number != number:
                return
            self.roll_back(message_of(error))
            if isinstance(error, KitError):
                amend(error, f"; revision {number} was rolled back, {self.live_now()}")
        except KitError as second:
            self.log(f"revision {number} could not be rolled back: {second.message}")
            if isinstance(error, KitError):
                amend(error, f"; the rollback failed too: {second.message}")
                error.hint = "run the same command again: it finishes what was begun"
                if isinstance(second, InfrastructureError):
                    error.category = second.category

    def roll_back(self, reason: str) -> None:
        """Rolls the unfinished revision back: the live revision of the record serves again, or nothing is left.

        Raises ReleaseError if the previous revision does not become ready again.
        """
        failed = self.record.unfinished
        assert failed is not None
        live = self.record.live
        self.log(f"rolling back revision {failed.number}: {reason}")
        if failed.state is State.BEGUN:
            self.save(abandon(self.record, reason))
        if failed.step != PREPARED:
            self.undo_steps(failed, live)
        self.save(rolled_back(self.record))
        self.log(f"revision {failed.number} is rolled back, {self.live_now()}")

    def undo_steps(self, failed: Revision, live: Revision | None) -> None:
        """Runs the undo of every step of the failed revision that was begun."""
        transition = self.transition(failed.content, live, expected_of(failed.content))
        for action in undo_actions(self.steps(failed.strategy, transition), failed.step):
            self._performer.perform(action, transition)

    def live_now(self) -> str:
        """The live revision, as part of a message."""
        live = self.record.live
        return f"revision {live.number} is live" if live else "nothing is live"

    def step(self, step: str) -> None:
        """Writes into the record that a step begins."""
        unfinished = self.record.unfinished
        if unfinished is None or unfinished.step != step:
            self.save(advance(self.record, step))

    def save(self, record: ReleaseRecord) -> None:
        """Writes the record, while the lease is held."""
        self.lease.check()
        self._store.save(record)
        self.record = record


def concerns_instances(action: Action) -> bool:
    """Whether an action verifies the new revision's instances, or starts some that are not verified yet."""
    return isinstance(action, Start | Verify) and action.side is Side.NEW


def same(one: Content, other: Content) -> bool:
    """Whether two contents are the same, as JSON has them."""
    return canonical(one) == canonical(other)


def canonical(content: Content) -> str:
    """A content as canonical JSON."""
    parts = [content.image, content.model_digest, content.port, content.commit, list(content.manifests)]
    return json.dumps(parts, sort_keys=True, allow_nan=False)


def message_of(error: BaseException) -> str:
    """The message of any error."""
    return error.message if isinstance(error, KitError) else str(error) or type(error).__name__


def amend(error: KitError, more: str) -> None:
    """Appends to an error's message."""
    error.message += more
    error.args = (error.message,)
