"""A release, and the way back: the same call finishes what a killed one has begun."""

from __future__ import annotations

from collections.abc import Collection

from pipeline_kit.deploy.deployer import Deployer, Order, Released, expected_of
from pipeline_kit.deploy.record import Content, ReleaseRecord, Revision, State
from pipeline_kit.deploy.refusals import refuse_older
from pipeline_kit.deploy.verification import Expected
from pipeline_kit.errors import UsageError


def release(
    deployer: Deployer,
    content: Content,
    expected: Expected,
    *,
    ancestors: Collection[str] = (),
    rollback: bool = False,
) -> Released:
    """What is live after the content was released; `rollback` declares that its commit may be an older one.

    `ancestors` are commits known to come before the content's. The same call finishes what a killed one has begun.
    Raises ReleaseError where its pods fail: it was taken back then; ProjectError where it is refused before any change;
    InfrastructureError where the cluster fails, or somebody else is at work.
    """

    def allowed(live: Revision | None) -> None:
        if not rollback:
            refuse_older(content, live, ancestors)

    with deployer.lease.held():
        deployer.load()
        return deployer.release(Order(content, expected), allowed)


def roll_back(deployer: Deployer, to: int | None = None) -> Released:
    """What is live after going back to a revision that has been live: a new one with the content of that.

    Without a number the one before the live one; where a release was left unfinished, that is taken back and no more.
    Raises UsageError where there is no such revision, and what `release` raises.
    """
    with deployer.lease.held():
        deployer.load()
        found = deployer.record.unfinished
        if found is not None and (found.rollback_to is None or to not in (None, found.rollback_to)):
            deployer.settle()
            live = deployer.record.live
            if to is None and live is not None:
                return Released(live, None, ())
            found = None
        number = found.rollback_to if found is not None else to
        target = target_of(deployer.record, number)
        order = Order(target.content, expected_of(target.content), target.number)
        return deployer.release(order, lambda live: None)


def target_of(record: ReleaseRecord, number: int | None) -> Revision:
    """The revision to go back to. Raises UsageError where there is none that has been live."""
    been = [each for each in record.revisions if each.state in (State.LIVE, State.REPLACED)]
    found = record.before_live if number is None else next((each for each in been if each.number == number), None)
    if found is None:
        known = ", ".join(str(each.number) for each in been) or "none"
        what = (
            "there is no revision before the live one" if number is None else f"revision {number} has never been live"
        )
        raise UsageError(what, hint=f"revisions that have been live and are kept: {known}")
    return found
