"""`rolling` through every fault on a target in memory: whatever happens, the old or the new revision is live, whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from pipeline_kit.deploy.deployer import Deployer
from pipeline_kit.deploy.failure import ReleaseError
from pipeline_kit.deploy.record import Content, State
from pipeline_kit.errors import InfrastructureError, KitError, UsageError
from tests.deploy.deploying import Killed
from tests.deploy.in_memory import (
    Death,
    Moments,
    deploy,
    deployer_on,
    go_back,
    holds,
    moments_of,
    record_of,
    version,
)
from tests.deploy.memory_target import Memory, key_of, nothing

FAULTS = {
    "crash": "an instance crashes again and again",
    "never ready": "not ready after 60 s",
    "silent": "does not answer on port 8000",
    "wrong model": "serves the model sha256:000",
    "wrong prediction": "predictions differ from the evaluation's",
}
Work = Callable[[Memory], object]


def upgrade(memory: Memory) -> object:
    """Version 2, with fewer instances."""
    return deploy(memory, version(2, replicas=1))


def bad_upgrade(memory: Memory) -> object:
    """Version 2, whose instances crash."""
    memory.behaviours[version(2).image] = "crash"
    try:
        return deploy(memory, version(2))
    except KitError:
        return None


STORIES: dict[str, tuple[Work, Content | None, Content | None]] = {
    "first": (lambda memory: deploy(memory, version(1)), None, version(1)),
    "upgrade": (upgrade, version(1), version(2, replicas=1)),
    "same image": (lambda memory: deploy(memory, version(1, replicas=3)), version(1), version(1, replicas=3)),
    "bad upgrade": (bad_upgrade, version(1), version(1)),
    "bad first": (bad_upgrade, None, None),
    "rollback": (go_back, version(2), version(1)),
}
"""What is done, what is live before, and what after."""


def before(story: str) -> Memory:
    """The target as it is before the story."""
    memory = Memory()
    old = STORIES[story][1]
    if story == "rollback":
        deploy(memory, version(1))
    if old is not None:
        deploy(memory, old)
    return memory


def count_of(story: str) -> int:
    """How many moments the story has."""
    return len(moments_of(before(story), STORIES[story][0]))


@pytest.mark.parametrize("story", STORIES)
def test_what_nothing_disturbs(story: str) -> None:
    """The new revision is live, or the old one where the new one is bad."""
    work, _, new = STORIES[story]
    memory = before(story)
    work(memory)
    assert holds(memory, new)


@pytest.mark.parametrize("behaviour", FAULTS)
def test_a_step_that_fails(behaviour: str) -> None:
    """It is named, and all that was begun is undone."""
    memory = before("upgrade")
    memory.behaviours[version(2).image] = behaviour
    with pytest.raises(ReleaseError, match=f"{FAULTS[behaviour]}.*; revision 2 was rolled back, revision 1 is live"):
        deploy(memory, version(2))
    assert holds(memory, version(1))
    assert [revision.state for revision in record_of(memory).revisions] == [State.LIVE, State.FAILED]


@pytest.mark.parametrize("story", STORIES)
def test_killed_at_every_moment_and_run_again(story: str) -> None:
    """Before and after each step of each deployer, the same command run again ends as if nothing had happened."""
    work, _, new = STORIES[story]
    for number in range(1, count_of(story) + 1):
        memory = before(story)
        memory.at = Death(number)
        with pytest.raises(Killed):
            work(memory)
        memory.at = nothing
        if story == "rollback" and holds(memory, new):
            continue  # it had ended: another one would go back further
        work(memory)
        assert holds(memory, new), f"killed at moment {number}"


@pytest.mark.parametrize("story", STORIES)
def test_killed_at_every_moment_and_another_release_after_it(story: str) -> None:
    """A deployer of something else rolls back what was left, and releases its own."""
    for number in range(1, count_of(story) + 1):
        memory = before(story)
        memory.at = Death(number)
        with pytest.raises(Killed):
            STORIES[story][0](memory)
        memory.at = nothing
        deploy(memory, version(3))
        assert holds(memory, version(3)), f"killed at moment {number}"


@pytest.mark.parametrize("story", STORIES)
def test_the_one_who_repairs_is_killed_too(story: str) -> None:
    """Half of a rollback is rolled back by the next."""
    for number in range(1, count_of(story) + 1, 3):
        for second in range(1, number + 1, 4):
            memory = before(story)
            for death, work in ((number, STORIES[story][0]), (second, lambda found: deploy(found, version(3)))):
                memory.at = Death(death)
                with pytest.raises(Killed):
                    work(memory)
            memory.at = nothing
            deploy(memory, version(4))
            assert holds(memory, version(4)), f"killed at moments {number} and {second}"


@pytest.mark.parametrize("story", [name for name in STORIES if "bad" not in name])
@pytest.mark.parametrize("error", [KeyboardInterrupt(), InfrastructureError("the target does not answer")])
def test_interrupted_at_every_moment(story: str, error: BaseException) -> None:
    """What interrupts a release or makes it fail once leaves the old revision, or the new one where it was live."""
    work, old, new = STORIES[story]
    for number in range(1, count_of(story) + 1):
        memory = before(story)
        memory.at = Moments(number, lambda: raise_it(error))
        with pytest.raises(type(error)):
            work(memory)
        memory.at = nothing
        assert holds(memory, old) or holds(memory, new), f"interrupted at moment {number}"


def raise_it(error: BaseException) -> None:
    """Raises a fresh one."""
    raise type(error)(*error.args)


@pytest.mark.parametrize("story", ["upgrade", "first", "rollback"])
def test_an_undo_that_fails_at_every_moment(story: str) -> None:
    """A target that fails and stays so leaves a record of what was begun; when it works again, one command finishes."""
    for number in range(1, count_of(story) + 1):
        memory = before(story)
        memory.at = Broken(number)
        with pytest.raises(InfrastructureError):
            STORIES[story][0](memory)
        memory.at = nothing
        deploy(memory, version(3))
        assert holds(memory, version(3)), f"broken from moment {number} on"


class Broken(Death):
    """A target that does not answer from the n-th moment on."""

    def __call__(self, moment: str) -> None:
        try:
            super().__call__(moment)
        except Killed:
            raise InfrastructureError("the target does not answer") from None


def test_an_undo_whose_instances_do_not_get_ready() -> None:
    """The error says so, and the next release of something good is not in its way."""
    memory = before("upgrade")
    memory.behaviours[version(2).image] = "crash"
    memory.at = lambda moment: memory.behaviours.update({version(1).image: "crash"}) if "look" in moment else None
    with pytest.raises(ReleaseError, match="crashes again and again; the rollback failed too: not ready after 60 s"):
        deploy(memory, version(2))
    memory.at = nothing
    deploy(memory, version(3))
    assert holds(memory, version(3))


@dataclass
class Thief:
    """Takes the lease of a deployer away, which then learns of it; `changes` counts those that were made by then."""

    memory: Memory
    deployer: Deployer
    changes: int = -1

    def __call__(self) -> None:
        lease = self.memory.lease
        assert lease is not None
        version, transitions = self.memory.next_version(), lease.transitions + 1
        self.memory.lease = replace(lease, holder="thief", transitions=transitions, version=version)
        self.deployer.lease.renew()
        self.changes = len(self.memory.changes)


@pytest.mark.parametrize("story", ["upgrade", "bad upgrade", "rollback"])
def test_a_lease_that_is_lost_at_every_moment(story: str) -> None:
    """Whoever loses it changes no instance more, and the next deployer finishes or rolls back."""
    for number in range(1, count_of(story) + 1):
        memory = before(story)
        thief = Thief(memory, deployer_on(memory))
        memory.at = Moments(number, thief)
        run(story, memory, thief.deployer)
        assert len(memory.changes) == thief.changes
        memory.at = nothing
        deploy(memory, version(3))
        assert holds(memory, version(3)), f"lost at moment {number}"


def run(story: str, memory: Memory, deployer: Deployer) -> None:
    """The story by this deployer; that it loses its lease, or that its revision is bad, ends it."""
    from pipeline_kit.deploy.release import roll_back

    memory.behaviours.update({version(2).image: "crash"} if story == "bad upgrade" else {})
    try:
        if story == "rollback":
            roll_back(deployer)
        else:
            deploy(memory, version(2, replicas=2 if story == "bad upgrade" else 1), deployer)
    except (InfrastructureError, ReleaseError):
        return


@pytest.mark.parametrize("lost", [None, b"nonsense"], ids=["deleted", "damaged"])
@pytest.mark.parametrize("behaviour", ["", "crash"])
def test_a_record_that_is_lost_meanwhile(lost: bytes | None, behaviour: str) -> None:
    """Its holder knows it, and writes it anew at its next step."""
    memory = before("upgrade")
    memory.behaviours[version(2).image] = behaviour

    def lose(moment: str) -> None:
        if moment == f"after: start {key_of(version(2))}":
            record = memory.record
            assert record is not None
            memory.record = replace(record, packed=lost, version=memory.next_version()) if lost else None

    memory.at = lose
    if behaviour:
        with pytest.raises(ReleaseError):
            deploy(memory, version(2))
    else:
        deploy(memory, version(2))
    assert holds(memory, version(1 if behaviour else 2))


def test_instances_that_vanish_after_they_were_verified() -> None:
    """They are missed until the last moment, and the old revision comes back."""
    memory = before("upgrade")

    def vanish(moment: str) -> None:
        if moment == f"after: retire {key_of(version(1))}":
            memory.running = {}

    memory.at = vanish
    with pytest.raises(ReleaseError, match="the instances are gone; revision 2 was rolled back, revision 1 is live"):
        deploy(memory, version(2))
    memory.at = nothing
    assert holds(memory, version(1))


def test_the_same_again_repairs_what_others_changed() -> None:
    """No revision is made for it."""
    memory = before("upgrade")
    memory.running = {}
    again = deploy(memory, version(1))
    assert (again.changed, len(again.instances)) == (False, 2)
    assert holds(memory, version(1))


def test_two_deployers_at_once() -> None:
    """The second one is told of the first as soon as that shows signs of life, and changes nothing."""
    memory = before("upgrade")
    first, second = deployer_on(memory), deployer_on(memory)
    first.lease.acquire()
    waits = second.lease._clock
    waits.leases.append(first.lease)  # type: ignore[attr-defined]
    changes = list(memory.changes)
    with pytest.raises(InfrastructureError, match=f"worked on by {first.lease.holder}"):
        deploy(memory, version(2), second)
    assert memory.changes == changes


def test_a_strategy_that_is_no_longer_there() -> None:
    """What it has begun stays as it is until the strategy is back: nothing is undone by guess."""
    memory = before("upgrade")
    from pipeline_kit.deploy.strategies.rolling import ROLLING

    memory.at = Death(12)
    with pytest.raises(Killed):
        deploy(memory, version(2), deployer_on(memory, "mine", lambda name: ROLLING))
    memory.at = nothing
    assert record_of(memory).unfinished is not None
    with pytest.raises(UsageError, match="unknown strategy 'mine'"):
        deploy(memory, version(3))
    deploy(memory, version(3), deployer_on(memory, "rolling", lambda name: ROLLING))
    assert holds(memory, version(3))
