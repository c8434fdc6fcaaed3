"""Releases and rolls back. The same call finishes what a killed deployer has begun."""

from __future__ import annotations

from pipeline_kit.deploy.actions import expected_of
from pipeline_kit.deploy.deployer import Deployer, Order, Released
from pipeline_kit.deploy.record import Content, ReleaseRecord, Revision, State
from pipeline_kit.deploy.refusals import IsBefore, refuse_older, unknown_history
from pipeline_kit.deploy.verification import Expected
from pipeline_kit.errors import UsageError


def release(
    deployer: Deployer,
    content: Content,
    expected: Expected,
    *,
    is_before: IsBefore = unknown_history,
    rollback: bool = False,
) -> Released:
    """Releases the content and returns what is live; `rollback` allows an older commit.

    `is_before` knows the project's history. Raises ReleaseError if its instances fail and it was rolled back;
    ProjectError if it is refused before any change; InfrastructureError if the target fails or another deployer is
    active.
    """

    def allowed(live: Revision | None) -> None:
        if not rollback:
            refuse_older(content, live, is_before)

    with deployer.lease.held():
        deployer.load()
        return deployer.release(Order(content, expected), allowed)


def roll_back(deployer: Deployer, to: int | None = None) -> Released:
    """Rolls back to a revision that has been live, as a new revision with its content; returns what is live.

    Without a number it takes the newest one that was live before the live one, or before the one that this rolled back
    to. An unfinished release is rolled back, and nothing else. Raises UsageError if the revision does not exist, and
    what `release` raises.
    """
    with deployer.lease.held():
        deployer.load()
        live_before = deployer.record.live
        deployer.rollout.refuse_other(live_before.content if live_before else None, None)
        unfinished = deployer.record.unfinished
        if unfinished is not None and (unfinished.rollback_to is None or to not in (None, unfinished.rollback_to)):
            deployer.roll_back_unfinished()
            live = deployer.record.live
            if to is None and live is not None:
                return Released(live, None, ())
            unfinished = None
        number = unfinished.rollback_to if unfinished is not None else to
        target = target_of(deployer.record, number)
        order = Order(target.content, expected_of(target.content), target.number)
        return deployer.release(order, lambda live: None)


def target_of(record: ReleaseRecord, number: int | None) -> Revision:
    """The revision to roll back to. Raises UsageError if no such revision has been live."""
    been = [revision for revision in record.revisions if revision.state in (State.LIVE, State.REPLACED)]
    live = record.live
    first = (live.rollback_to or live.number) if live else record.next_number
    earlier = [old for old in been if (old.number < first if number is None else old.number == number)]
    target = max(earlier, key=lambda revision: revision.number, default=None)
    if target is None:
        known = ", ".join(str(revision.number) for revision in been) or "none"
        never = f"revision {number} has never been live"
        what = "no revision was live before the current one" if number is None else never
        raise UsageError(what, hint=f"revisions you can roll back to: {known}")
    return target
