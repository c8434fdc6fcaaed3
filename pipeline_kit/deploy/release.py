"""A release, and the way back: the same call finishes what a killed one has begun."""

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
    """What is live after the content was released; `rollback` declares that its commit may be an older one.

    `is_before` knows the project's history. The same call finishes what a killed one has begun.
    Raises ReleaseError where its pods fail: it was taken back then; ProjectError where it is refused before any change;
    InfrastructureError where the cluster fails, or somebody else is at work.
    """

    def allowed(live: Revision | None) -> None:
        if not rollback:
            refuse_older(content, live, is_before)

    with deployer.lease.held():
        deployer.load()
        return deployer.release(Order(content, expected), allowed)


def roll_back(deployer: Deployer, to: int | None = None) -> Released:
    """What is live after going back to a revision that has been live: a new one with the content of that.

    Without a number the newest that was live before the one that is, or before the one that this goes back to; where a
    release was left unfinished, that is taken back and no more.
    Raises UsageError where there is no such revision, and what `release` raises.
    """
    with deployer.lease.held():
        deployer.load()
        live_before = deployer.record.live
        deployer.rollout.refuse_other(live_before.content if live_before else None, None)
        unfinished = deployer.record.unfinished
        if unfinished is not None and (unfinished.rollback_to is None or to not in (None, unfinished.rollback_to)):
            deployer.settle()
            live = deployer.record.live
            if to is None and live is not None:
                return Released(live, None, ())
            unfinished = None
        number = unfinished.rollback_to if unfinished is not None else to
        target = target_of(deployer.record, number)
        order = Order(target.content, expected_of(target.content), target.number)
        return deployer.release(order, lambda live: None)


def target_of(record: ReleaseRecord, number: int | None) -> Revision:
    """The revision to go back to. Raises UsageError where there is none that has been live."""
    been = [revision for revision in record.revisions if revision.state in (State.LIVE, State.REPLACED)]
    live = record.live
    first = (live.rollback_to or live.number) if live else record.next_number
    earlier = [each for each in been if (each.number < first if number is None else each.number == number)]
    found = max(earlier, key=lambda each: each.number, default=None)
    if found is None:
        known = ", ".join(str(each.number) for each in been) or "none"
        what = (
            "there is no revision before the live one" if number is None else f"revision {number} has never been live"
        )
        raise UsageError(what, hint=f"revisions that have been live and are kept: {known}")
    return found
