"""Deployers that die, are stopped or meet each other on a real cluster: it ends on the old or the new release, whole.

Each is a process of its own. What is told of a story here is done to the process by itself, by a signal at a moment.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pytest

from pipeline_kit.deploy.failure import ReleaseError
from pipeline_kit.deploy.record import Content
from pipeline_kit.deploy.targets.kubernetes.lease_storage import LEASE
from pipeline_kit.errors import InfrastructureError
from tests.deploy.deployer_process import LEASE_SECONDS, WITHIN_SECONDS, Deploying, end_of
from tests.deploy.real_release import RELEASE, deploy, go_back
from tests.deploy.stories import CRASHED, Scene, Story, new_of, old_of
from tests.deploy.waiting import until
from tests.deploy.whole import not_whole

pytestmark = pytest.mark.cluster


def killed(scene: Scene, wanted: Content | None, moment: str) -> None:
    """A deployer is dead from this moment on, and everybody can see how far it got."""
    code, said = end_of(scene, wanted, moment)
    assert code == -signal.SIGKILL, said
    if moment.startswith("record: "):
        newest = scene.ground.record().revisions[-1]
        assert moment == f"record: {newest.state.value}, {newest.step}"


def upgrade_killed(moment: str, scene: Scene) -> None:
    """The same command, run again, ends on the new revision."""
    old_of(scene)
    new = new_of(scene)
    killed(scene, new, moment)
    deploy(scene.ground, new)
    assert not_whole(scene.ground, new) == []


def first_killed(moment: str, scene: Scene) -> None:
    """The same command, run again, ends on the first revision."""
    new = new_of(scene)
    killed(scene, new, moment)
    deploy(scene.ground, new)
    assert not_whole(scene.ground, new) == []


def taking_back_killed(moment: str, scene: Scene) -> None:
    """The same command, run again, takes back what was begun, and fails for the same reason as before."""
    old, bad = old_of(scene), new_of(scene, "crash")
    killed(scene, bad, moment)
    with pytest.raises(ReleaseError, match=CRASHED):
        deploy(scene.ground, bad)
    assert not_whole(scene.ground, old) == []


def removing_killed(moment: str, scene: Scene) -> None:
    """Where nothing was live before a first release that fails, the next one finds nothing of it in its way."""
    killed(scene, new_of(scene, "crash"), moment)
    good = scene.ground.content("v1", 3, {})
    deploy(scene.ground, good)
    assert not_whole(scene.ground, good) == []


def killed_and_rolled_back(scene: Scene) -> None:
    """Who does not want to go on goes back: the old revision is whole again."""
    old = old_of(scene)
    killed(scene, new_of(scene), "record: begun, verify")
    go_back(scene.ground)
    assert not_whole(scene.ground, old) == []


def killed_and_followed_by_another(scene: Scene) -> None:
    """A later release takes back what was begun, and goes its own way."""
    old_of(scene)
    killed(scene, new_of(scene, "never_ready"), "done: apply Deployment/fraud")
    other = scene.ground.content("v2", 3, {})
    deploy(scene.ground, other)
    assert not_whole(scene.ground, other) == []


def rollback_killed(scene: Scene) -> None:
    """The same rollback, run again, ends on the revision that it goes back to."""
    old = old_of(scene)
    deploy(scene.ground, new_of(scene))
    killed(scene, None, "record: begun, ready")
    go_back(scene.ground)
    assert not_whole(scene.ground, old) == []


def killed_again_and_again(scene: Scene) -> None:
    """However often: going on with what was begun is what a deployer does that dies as well."""
    old_of(scene)
    new = new_of(scene)
    for moment in ("record: begun, apply", "record: begun, ready", "record: begun, verify", "record: begun, prune"):
        killed(scene, new, moment)
    deploy(scene.ground, new)
    assert not_whole(scene.ground, new) == []


def stopped(moment: str, sends: str, scene: Scene) -> None:
    """A signal that can be taken takes the release back at once, before the process ends."""
    old = old_of(scene)
    code, said = end_of(scene, new_of(scene), moment, sends)
    assert code == 128 + signal.Signals[sends], said
    assert "rolled back" in said
    assert not_whole(scene.ground, old) == []


def stopped_at_the_first(scene: Scene) -> None:
    """Where nothing was live before, nothing is afterwards."""
    code, said = end_of(scene, new_of(scene), "record: begun, ready", "SIGTERM")
    assert code == 128 + signal.SIGTERM, said
    assert not_whole(scene.ground, None) == []


def stopped_when_it_is_live(scene: Scene) -> None:
    """It is too late to go back then: the new revision is live, by the record and by the cluster."""
    old_of(scene)
    new = new_of(scene)
    code, said = end_of(scene, new, "record: live, live", "SIGTERM")
    assert code == 128 + signal.SIGTERM, said
    assert not_whole(scene.ground, new) == []


def stopped_while_taking_back(scene: Scene) -> None:
    """The record says how far that got, and the same command finishes it."""
    old, bad = old_of(scene), new_of(scene, "crash")
    code, said = end_of(scene, bad, "record: taking back, ready", "SIGTERM")
    assert code == 128 + signal.SIGTERM, said
    with pytest.raises(ReleaseError):
        deploy(scene.ground, bad)
    assert not_whole(scene.ground, old) == []


def two_at_once(first: str, second: str, scene: Scene) -> None:
    """Who comes second is told who is at work, and changes nothing."""
    old_of(scene)
    slow = {"BEHAVIOUR": "late", "DELAY": "12"}
    contents = {version: scene.ground.content(version, 2, slow) for version in ("v1", "v2")}
    with Deploying(scene, contents[first]) as process:
        until(lambda: scene.ground.record().unfinished is not None, "the first has begun")
        with pytest.raises(InfrastructureError, match=f"release fraud is worked on by {process.by}"):
            deploy(scene.ground, contents[second])
        code, said = process.end()
    assert code == 0, said
    assert not_whole(scene.ground, contents[first]) == []
    assert len(scene.ground.record().revisions) == 2


def two_at_the_same_moment(scene: Scene) -> None:
    """One of them goes on: the other one waits for its end, or is told who is at work. Nothing is mixed."""
    old_of(scene)
    contents = [new_of(scene), scene.ground.content("v1", 3, {"OTHER": "1"})]
    with Deploying(scene, contents[0]) as one, Deploying(scene, contents[1]) as other:
        ends = [one.end(), other.end()]
    winners = [number for number, (code, _) in enumerate(ends) if code == 0]
    assert winners, ends
    refused = [said for code, said in ends if code]
    assert all("is worked on by process" in said for said in refused), refused
    live = scene.ground.record().live
    assert live is not None
    assert any(not_whole(scene.ground, contents[number]) == [] for number in winners)


def frozen(scene: Scene) -> None:
    """A deployer that was stopped for longer than its lease finds another's record, and changes nothing more."""
    old_of(scene)
    with Deploying(scene, new_of(scene), "record: begun, verify", "SIGSTOP") as process:
        until(lambda: process_state(process.process.pid) == "T", "it is frozen", seconds=WITHIN_SECONDS)
        other = scene.ground.content("v1", 3, {"OTHER": "1"})
        deploy(scene.ground, other)
        assert not_whole(scene.ground, other) == []
        os.kill(process.process.pid, signal.SIGCONT)
        code, said = process.end()
    assert code == 3, said
    assert "the lease of release fraud was lost" in said
    assert not_whole(scene.ground, other) == []


def process_state(pid: int) -> str:
    """`T` for a process that is stopped."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]


def dead_holder(scene: Scene) -> None:
    """The lease of somebody who is gone is waited for, and taken over."""
    old_of(scene)
    found = scene.ground.cluster.get(LEASE, f"pipeline-kit.{RELEASE}", scene.ground.namespace)
    assert found is not None
    spec = {**found["spec"], "holderIdentity": "a ghost", "leaseDurationSeconds": LEASE_SECONDS}
    scene.ground.cluster.replace({**found, "spec": spec}, namespace=scene.ground.namespace)
    new = new_of(scene)
    deploy(scene.ground, new)
    assert not_whole(scene.ground, new) == []


FORWARD = (
    "done: replace Lease/pipeline-kit.fraud",
    "record: begun, prepared",
    "record: begun, apply",
    "done: apply ConfigMap/fraud-v2",
    "done: apply Deployment/fraud",
    "record: begun, ready",
    "record: begun, verify",
    "ask /predict",
    "record: begun, prune",
    "done: delete ConfigMap/fraud-v1",
    "record: live, live",
)
FIRST = ("record: begun, prepared", "record: begun, apply", "record: begun, ready", "record: begun, verify")
BACK = ("record: taking back, ready", "done: delete ConfigMap/fraud-v2", "record: failed, ready")
REMOVING = ("record: taking back, ready", "done: delete Deployment/fraud")

STORIES: dict[str, Story] = {
    **{f"upgrade, killed at {each}": partial(upgrade_killed, each) for each in FORWARD},
    **{f"first release, killed at {each}": partial(first_killed, each) for each in FIRST},
    **{f"bad upgrade, killed at {each}": partial(taking_back_killed, each) for each in BACK},
    **{f"bad first release, killed at {each}": partial(removing_killed, each) for each in REMOVING},
    "killed, then rolled back": killed_and_rolled_back,
    "killed, then another release": killed_and_followed_by_another,
    "killed in a rollback": rollback_killed,
    "killed again and again": killed_again_and_again,
    "SIGTERM while pods start": partial(stopped, "record: begun, ready", "SIGTERM"),
    "SIGINT between two objects": partial(stopped, "done: apply ConfigMap/fraud-v2", "SIGINT"),
    "SIGHUP while pods are asked": partial(stopped, "ask /predict", "SIGHUP"),
    "SIGTERM in the first release": stopped_at_the_first,
    "SIGTERM when it is live": stopped_when_it_is_live,
    "SIGTERM while it is rolled back": stopped_while_taking_back,
    "a second deployer": partial(two_at_once, "v1", "v2"),
    "a second deployer, the other way round": partial(two_at_once, "v2", "v1"),
    "two deployers at the same moment": two_at_the_same_moment,
    "a deployer that was frozen": frozen,
    "a lease whose holder died": dead_holder,
}


@pytest.mark.parametrize("trouble", STORIES)
def test_it_ends_whole(trouble: str, ends: Mapping[str, str], ended_whole: Callable[[], None]) -> None:
    """Whatever becomes of deployers, one revision is whole by the record and by the cluster."""
    assert not ends[trouble], ends[trouble]
    ended_whole()
