"""No strategy makes a revision live whose own instances did not answer as they must."""

from __future__ import annotations

import pytest

from pipeline_kit.deploy.failure import ReleaseError
from pipeline_kit.deploy.steps import Action, Retire, SetShares, Side, Start, Step, Verify, WaitReady
from pipeline_kit.deploy.strategy import Change, Replacement
from pipeline_kit.errors import UsageError
from pipeline_kit.frozen import frozen
from tests.deploy.in_memory import deploy, deployer_on, holds, version
from tests.deploy.memory_target import Memory

NEW, LIVE = Side.NEW, Side.LIVE


@frozen
class Forgetful:
    """Runs these actions in one step, and goes back as `rolling` does."""

    actions: tuple[Action, ...]
    replacement: Replacement = Replacement(surge=1, unavailable=0)

    def steps(self, change: Change) -> tuple[Step, ...]:
        """One step."""
        back = (Start(LIVE, change.live_replicas or 0, in_place=True), Retire(NEW), WaitReady(LIVE, patient=True))
        return (Step("all", self.actions, undo=back),)


@pytest.mark.parametrize(
    "actions",
    [
        (Start(NEW, 2, in_place=True), WaitReady(NEW), Retire(LIVE)),
        (Verify(LIVE), Start(NEW, 2, in_place=True), WaitReady(NEW), Retire(LIVE)),
        (Start(NEW, 2), WaitReady(NEW), SetShares(100), Verify(LIVE), Retire(LIVE)),
    ],
)
def test_a_look_at_the_live_instances_is_not_one_at_the_new_ones(actions: tuple[Action, ...]) -> None:
    """The deployer looks at the new ones itself before the record says that they are live."""
    memory = Memory()
    deploy(memory, version(1))
    memory.behaviours[version(2).image] = "wrong model"
    with pytest.raises(ReleaseError, match="serves the model"):
        deploy(memory, version(2), deployer_on(memory, "forgetful", lambda name: Forgetful(actions)))


def test_instances_that_start_after_the_look_are_verified_too() -> None:
    """Of a first one that was verified, the others are named as well."""
    grows = (Start(NEW, 1), WaitReady(NEW), Verify(NEW), Start(NEW, 2), WaitReady(NEW), SetShares(100), Retire(LIVE))
    memory = Memory()
    deploy(memory, version(1))
    released = deploy(memory, version(2), deployer_on(memory, "grows", lambda name: Forgetful(grows)))
    assert len(released.instances) == 2
    assert holds(memory, version(2))


def test_an_action_about_nothing_is_a_fault_of_the_strategy() -> None:
    """A first release has no live revision; nothing is changed."""
    memory = Memory()
    strategy = Forgetful((Verify(LIVE), Start(NEW, 2, in_place=True)))
    with pytest.raises(UsageError, match="an action about the live revision, and nothing is live"):
        deploy(memory, version(1), deployer_on(memory, "forgetful", lambda name: strategy))
    assert not memory.running
