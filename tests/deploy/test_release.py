"""Releases on a cluster in memory: forward, back by every cause, and past every kill on the old or the new whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from pipeline_kit.contract.cluster import Kind
from pipeline_kit.deploy.failure import ReleaseError, UnreachedError
from pipeline_kit.deploy.lease import Lease
from pipeline_kit.deploy.record import Content, State
from pipeline_kit.deploy.targets.kubernetes.labels import RELEASE_LABEL
from pipeline_kit.deploy.targets.kubernetes.lease_storage import LEASE, ClusterLease
from pipeline_kit.deploy.targets.kubernetes.record_storage import LEASE_ANNOTATION
from pipeline_kit.errors import Category, InfrastructureError, KitError, ProjectError, UsageError
from pipeline_kit.testing.cluster import KINDS, FakeCluster
from tests.deploy.deploying import (
    Mortal,
    Time,
    a_cluster,
    a_deployer,
    content,
    deploy,
    go_back,
    holds,
    record_of,
    states,
    store_of,
)
from tests.deploy.releases import node

FAULTS = {
    "crash": r"Deployment fraud: container serve of pod fraud-\d+ crashes again and again \(CrashLoopBackOff\)",
    "no_image": r"cannot get its image \(ImagePullBackOff\): not found",
    "no_config": r"cannot be made as it is configured \(CreateContainerConfigError\)",
    "out_of_memory": r"needs more memory than its limit of 512Mi \(OOMKilled\)",
    "never_ready": r"not ready after 60 s: Deployment fraud: 2 of 2 pods are new",
    "wrong_digest": r"serves the model sha256:000",
    "wrong_prediction": r"predictions differ from the evaluation's",
}


def test_a_first_release_and_an_upgrade() -> None:
    """The record follows what is live, with all that each revision consists of."""
    cluster = a_cluster()
    first = deploy(cluster, content(1))
    assert holds(cluster, content(1))
    assert (first.revision.number, first.before, len(first.instances)) == (1, None, 2)
    second = deploy(cluster, content(2))
    assert holds(cluster, content(2))
    assert second.before is not None
    assert (second.revision.number, second.before.number) == (2, 1)
    assert states(cluster) == ["replaced", "live"]
    assert record_of(cluster).revisions[0].content.image == content(1).image
    lease = cluster.get(LEASE, "pipeline-kit.fraud", "default")
    assert lease is not None
    assert lease["spec"]["holderIdentity"] == ""


def test_the_record_is_written_before_the_first_change() -> None:
    """Nothing of a revision is in the cluster that the record does not tell of."""
    cluster = a_cluster()
    deploy(cluster, content(1))
    changed = [what for call, what in cluster.changes if call != "put"]
    secret, first = changed.index("Secret/pipeline-kit.fraud"), changed.index("NetworkPolicy/fraud")
    assert secret < first


@pytest.mark.parametrize("behaviour", FAULTS)
def test_a_bad_release_is_taken_back(behaviour: str) -> None:
    """Whatever its pods do wrong is named, and the revision before serves again."""
    cluster = a_cluster()
    deploy(cluster, content(1))
    with pytest.raises(ReleaseError, match=FAULTS[behaviour]) as error:
        deploy(cluster, content(2, behaviour))
    assert error.value.message.endswith("revision 2 was rolled back, revision 1 is live")
    assert holds(cluster, content(1))
    assert states(cluster) == ["live", "failed"]
    assert record_of(cluster).revisions[1].reason in error.value.message


@pytest.mark.parametrize("behaviour", FAULTS)
def test_a_bad_first_release_leaves_nothing(behaviour: str) -> None:
    """Where nothing was live before, nothing is left but the record."""
    cluster = a_cluster()
    with pytest.raises(ReleaseError, match=FAULTS[behaviour]):
        deploy(cluster, content(1, behaviour))
    assert holds(cluster, None)
    assert states(cluster) == ["failed"]
    deploy(cluster, content(2))
    assert holds(cluster, content(2))


def test_the_last_lines_of_a_container_that_crashed() -> None:
    """They are part of the error, so that nobody has to look for them."""
    cluster = a_cluster(written={f"fraud-{number}": ("loading", "RuntimeError: no weights") for number in range(9)})
    with pytest.raises(ReleaseError) as error:
        deploy(cluster, content(1, "crash"))
    assert error.value.lines == ("loading", "RuntimeError: no weights")


def test_a_release_mends_a_live_one_that_crashes() -> None:
    """Pods that crashed before a change say nothing about it, though they run the same image."""
    cluster = a_cluster()
    with pytest.raises(ReleaseError):
        deploy(cluster, content(1, "crash"))
    broken = content(1)
    deploy(cluster, broken)
    for key, pod in list(cluster.objects.items()):
        if key[1] == "Pod":
            state = {"waiting": {"reason": "CrashLoopBackOff"}}
            status = {"containerStatuses": [{"name": "serve", "ready": False, "restartCount": 4, "state": state}]}
            cluster.objects[key] = {**pod, "status": {"phase": "Running", **status}}
    deploy(cluster, content(1, cpu="1"))
    assert holds(cluster, content(1, cpu="1"))


def test_the_same_again_changes_nothing() -> None:
    """A release that is live already is applied and asked once more, and makes no revision."""
    cluster = a_cluster()
    deploy(cluster, content(1))
    again = deploy(cluster, content(1))
    assert (again.changed, again.revision.number) == (False, 1)
    assert holds(cluster, content(1))


def test_what_a_revision_no_longer_holds_is_pruned() -> None:
    """The budget of several pods goes with the last but one, and comes back with a rollback."""
    cluster = a_cluster()
    deploy(cluster, content(1))
    deploy(cluster, content(2, replicas=1))
    assert holds(cluster, content(2, replicas=1))
    go_back(cluster)
    assert holds(cluster, content(1))


def test_an_older_commit_is_refused() -> None:
    """Unless it is declared, or known to come later whatever its time says."""
    cluster = a_cluster()
    deploy(cluster, content(2))
    before = list(cluster.changes)
    with pytest.raises(ProjectError, match=r"commit 000000000000 is older than commit 0000\w+, which is live as revi"):
        deploy(cluster, content(1))
    assert [each for each in cluster.changes if each not in before and "Lease" not in each[1]] == []
    assert states(cluster) == ["live"]
    deploy(cluster, content(3, time=1), is_before=lambda older, newer: older == content(2).commit)
    deploy(cluster, content(1, time=0), rollback=True)
    assert holds(cluster, content(1))


def test_a_rollback_is_a_new_revision() -> None:
    """It has the old one's content, by default that of the one before; what failed cannot be gone back to."""
    cluster = a_cluster()
    for number in (1, 2):
        deploy(cluster, content(number))
    with pytest.raises(ReleaseError):
        deploy(cluster, content(3, "crash"))
    back = go_back(cluster)
    assert holds(cluster, content(1))
    assert (back.revision.number, back.revision.rollback_to) == (4, 1)
    go_back(cluster, 2)
    assert holds(cluster, content(2))
    assert states(cluster) == ["replaced", "replaced", "failed", "replaced", "live"]
    with pytest.raises(UsageError, match="revision 3 has never been live"):
        go_back(cluster, 3)


def test_nothing_to_go_back_to() -> None:
    """A first release has none before it."""
    cluster = a_cluster()
    deploy(cluster, content(1))
    with pytest.raises(UsageError, match="no revision was live before"):
        go_back(cluster)


def test_a_full_cluster_is_refused() -> None:
    """Before anything is changed."""
    cluster = a_cluster()
    cluster.put(node("node-1", {"cpu": "600m", "memory": "32Gi"}), None)
    with pytest.raises(ProjectError, match="the cluster has no room: Deployment fraud: room for 1 of 2 pods"):
        deploy(cluster, content(1))
    assert holds(cluster, None)
    assert states(cluster) == []


def test_objects_of_others_are_left_alone() -> None:
    """What the kit has not made it does not take over, nor what no record knows: what fails removes its own."""
    cluster = a_cluster()
    other = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "fraud"}, "spec": {"type": "ClusterIP"}}
    cluster.apply(other, namespace="default")
    with pytest.raises(ProjectError, match="Service fraud is in the namespace default already and was not made by"):
        deploy(cluster, content(1))
    labels = {RELEASE_LABEL: "fraud"}
    cluster.apply({**other, "metadata": {"name": "fraud", "labels": labels}}, namespace="default")
    with pytest.raises(ProjectError, match="nothing is live by the record"):
        deploy(cluster, content(1))
    assert cluster.get(Kind("v1", "Service"), "fraud", "default") is not None
    cluster.delete(Kind("v1", "Service"), "fraud", "default")
    deploy(cluster, content(1))
    assert holds(cluster, content(1))


def test_what_the_server_would_refuse_is_refused_before() -> None:
    """Every object is tried without effect first."""
    cluster = a_cluster()

    def refuse(call: str, what: str) -> None:
        if (call, what) == ("dry-run", "Deployment/fraud"):
            raise ProjectError("the cluster refuses Deployment fraud: spec is invalid")

    cluster.before = refuse
    with pytest.raises(ProjectError, match="spec is invalid"):
        deploy(cluster, content(1))
    cluster.before = lambda call, what: None
    assert holds(cluster, None)


def test_whoever_must_know_knows_before() -> None:
    """The number is told before anything is begun; who objects, stops it there."""
    cluster = a_cluster()
    told: list[int] = []
    deployer = a_deployer(cluster, announce=told.append)
    wanted = content(1)
    with deployer.lease.held():
        deployer.load()
    deploy(cluster, wanted)
    assert told == []

    def object_to(number: int) -> None:
        raise InfrastructureError(f"no tag for {number}")

    from pipeline_kit.deploy.release import release
    from pipeline_kit.deploy.verification import Expected

    new = content(2)
    with pytest.raises(InfrastructureError, match="no tag for 2"):
        release(a_deployer(cluster, announce=object_to), new, Expected(new.port, new.model_digest))
    assert holds(cluster, content(1))
    assert states(cluster) == ["live"]


@pytest.mark.parametrize("call", ["apply", "ask", "list"])
def test_a_cluster_that_fails(call: str) -> None:
    """A release that cannot go on is rolled back where that goes; where not, the next run finishes it."""
    cluster = a_cluster()
    deploy(cluster, content(1))
    broken = {"now": False}

    def fail(method: str, what: str) -> None:
        if method == "apply" and what == "Service/fraud":
            broken["now"] = True
        if broken["now"] and method == call:
            raise InfrastructureError("the API server answers 500")

    cluster.before = fail
    with pytest.raises(InfrastructureError, match=r"the API server answers 500.*the rollback failed too"):
        deploy(cluster, content(2))
    cluster.before = lambda method, what: None
    assert states(cluster) == ["live", "taking back"]
    deploy(cluster, content(2))
    assert holds(cluster, content(2))
    assert states(cluster) == ["replaced", "failed", "live"]


def test_a_signal_takes_back() -> None:
    """Whatever interrupts a release, it is rolled back before the process ends."""
    cluster = a_cluster()
    deploy(cluster, content(1))

    def interrupt(method: str, what: str) -> None:
        if (method, what) == ("apply", "Deployment/fraud"):
            cluster.before = lambda method, what: None
            raise KeyboardInterrupt

    cluster.before = interrupt
    with pytest.raises(KeyboardInterrupt):
        deploy(cluster, content(2))
    assert holds(cluster, content(1))
    assert states(cluster) == ["live", "failed"]


def test_two_deployers_at_once() -> None:
    """The second is told who works, and changes nothing."""
    cluster = a_cluster()
    clock = Time()
    other = Lease(ClusterLease(cluster, "default", "fraud"), "fraud", holder="build 7", clock=clock)
    other.acquire()
    clock.leases.append(other)
    deployer = a_deployer(cluster, clock=clock)
    with pytest.raises(InfrastructureError, match="worked on by build 7"), deployer.lease.held():
        pass
    assert states(cluster) == []


def test_a_lease_that_was_lost_stops_everything() -> None:
    """Whoever no longer holds it changes nothing more: not even back."""
    cluster = a_cluster()
    deploy(cluster, content(1))

    def steal(method: str, what: str) -> None:
        if (method, what) == ("apply", "Service/fraud"):
            cluster.before = lambda method, what: None
            found = cluster.get(LEASE, "pipeline-kit.fraud", "default")
            assert found is not None
            spec = {**found["spec"], "holderIdentity": "thief", "leaseTransitions": 9}
            cluster.put({**found, "spec": spec})
            stolen.lease.renew()

    stolen = a_deployer(cluster)
    cluster.before = steal
    from pipeline_kit.deploy.release import release
    from pipeline_kit.deploy.verification import Expected

    wanted = content(2)
    with pytest.raises(InfrastructureError, match="the lease of release fraud was lost: thief holds it now"):
        release(stolen, wanted, Expected(wanted.port, wanted.model_digest))
    assert states(cluster) == ["live", "begun"]
    assert record_of(cluster).revisions[1].step == "apply"


Work = Callable[[FakeCluster], object]


def upgrade(cluster: FakeCluster) -> object:
    """Version 2, with one pod, so that something is pruned."""
    return deploy(cluster, content(2, replicas=1))


def bad_upgrade(cluster: FakeCluster) -> object:
    """Version 2, which crashes."""
    try:
        return deploy(cluster, content(2, "crash"))
    except KitError:
        return None


STORIES: dict[str, tuple[Work, Content | None, Content | None]] = {
    "first": (lambda cluster: deploy(cluster, content(1)), None, content(1)),
    "upgrade": (upgrade, content(1), content(2, replicas=1)),
    "bad upgrade": (bad_upgrade, content(1), content(1)),
    "bad first": (bad_upgrade, None, None),
    "rollback": (go_back, content(2), content(1)),
}
"""What is done, what is live before, and what after."""


def before(story: str) -> FakeCluster:
    """A cluster as it is before the story."""
    cluster = a_cluster()
    old = STORIES[story][1]
    if story == "rollback":
        deploy(cluster, content(1))
    if old is not None:
        deploy(cluster, old)
    return cluster


@pytest.mark.slow
@pytest.mark.parametrize("late", [False, True], ids=["before it", "after it"])
@pytest.mark.parametrize("story", STORIES)
def test_killed_at_every_call_and_run_again(story: str, late: bool) -> None:
    """Wherever a deployer is killed, the same command run again ends on the old or the new whole, by the record."""
    work, _, new = STORIES[story]
    at, killed = 0, True
    while killed:
        at += 1
        cluster = before(story)
        killed = Mortal(at, late).kill(cluster, work)
        record = record_of(cluster)
        assert sum(each.state in (State.BEGUN, State.TAKING_BACK) for each in record.revisions) <= 1
        if story == "rollback" and record.unfinished is None and holds(cluster, new):
            with pytest.raises(UsageError, match="no revision was live before"):  # it was done, and nobody had heard
                work(cluster)
            continue
        work(cluster)
        wanted = content(2) if story == "rollback" and not holds(cluster, new) else new
        assert holds(cluster, wanted), f"killed at call {at}"
    assert at > 20


@pytest.mark.slow
@pytest.mark.parametrize("story", ["first", "upgrade", "bad upgrade"])
def test_killed_at_every_call_and_followed_by_another(story: str) -> None:
    """A release of something else finds what was left, takes it back and goes its own way."""
    work = STORIES[story][0]
    at, killed = 0, True
    while killed:
        at += 3
        cluster = before(story)
        killed = Mortal(at).kill(cluster, work)
        deploy(cluster, content(3))
        assert holds(cluster, content(3)), f"killed at call {at}"


def test_a_live_revision_that_does_not_get_well() -> None:
    """What cannot serve again does not stand in the way of what mends it."""
    cluster = a_cluster()
    deploy(cluster, content(1))
    with_fault = replace(content(1, "never_ready"), commit=content(1).commit)
    Mortal(40).kill(cluster, lambda found: deploy(found, content(2)))
    record = record_of(cluster)
    assert record.unfinished is not None
    store = store_of(cluster)
    found = store.load()
    broken = tuple(replace(each, content=with_fault) if each.state is State.LIVE else each for each in found.revisions)
    store.save(replace(found, revisions=broken))
    deploy(cluster, content(3))
    assert holds(cluster, content(3))
    assert cluster.get(Kind("v1", "Service"), "fraud", "default") is not None


def spoil_at(moment: str, harm: Callable[[FakeCluster], object]) -> FakeCluster:
    """A cluster on which version 1 is live, and to which something happens at the first `call Kind/name` after that."""
    cluster = a_cluster()
    deploy(cluster, content(1))

    def before(method: str, what: str) -> None:
        if f"{method} {what}" == moment:
            cluster.before = lambda method, what: None
            harm(cluster)

    cluster.before = before
    return cluster


def lose_record(cluster: FakeCluster) -> None:
    """Somebody deletes it."""
    cluster.delete(Kind("v1", "Secret"), "pipeline-kit.fraud", "default")


def damage_record(cluster: FakeCluster) -> None:
    """Somebody writes nonsense into it."""
    found = cluster.get(Kind("v1", "Secret"), "pipeline-kit.fraud", "default")
    assert found is not None
    cluster.put({**found, "data": {"record": "nonsense"}})


@pytest.mark.parametrize("harm", [lose_record, damage_record])
def test_a_record_that_is_lost_meanwhile_is_written_anew(harm: Callable[[FakeCluster], object]) -> None:
    """Whoever holds the lease knows it, on the way forward and on the way back."""
    cluster = spoil_at("apply Deployment/fraud", harm)
    deploy(cluster, content(2))
    assert holds(cluster, content(2))
    assert states(cluster) == ["replaced", "live"]
    cluster = spoil_at("apply Deployment/fraud", harm)
    with pytest.raises(ReleaseError):
        deploy(cluster, content(2, "crash"))
    assert holds(cluster, content(1))
    assert states(cluster) == ["live", "failed"]


def test_a_record_that_a_later_holder_damaged_is_left_alone() -> None:
    """Its holder may know what it is; this one does not."""

    def take_over(cluster: FakeCluster) -> None:
        damage_record(cluster)
        found = cluster.get(Kind("v1", "Secret"), "pipeline-kit.fraud", "default")
        assert found is not None
        metadata = {**found["metadata"], "annotations": {LEASE_ANNOTATION: "99"}}
        cluster.put({**found, "metadata": metadata})

    cluster = spoil_at("apply Deployment/fraud", take_over)
    with pytest.raises(InfrastructureError, match=r"another deployer has written the record.*back failed too"):
        deploy(cluster, content(2))
    found = cluster.get(Kind("v1", "Secret"), "pipeline-kit.fraud", "default")
    assert found is not None
    assert found["data"] == {"record": "nonsense"}


@pytest.mark.parametrize("moment", ["ask Pod/fraud-3", "delete PodDisruptionBudget/fraud"])
def test_an_object_that_somebody_deletes(moment: str) -> None:
    """It is missed until the last moment, and comes back with the old revision."""
    service = Kind("v1", "Service")
    cluster = spoil_at(moment, lambda found: found.delete(service, "fraud", "default"))
    with pytest.raises(ReleaseError, match="Service fraud: it was deleted; revision 2 was rolled back"):
        deploy(cluster, content(2, replicas=1))
    assert holds(cluster, content(1))


def test_a_job_that_was_cleaned_away() -> None:
    """One that goes when it has ended is not missed."""
    cluster = a_cluster(served=(*KINDS, Kind("batch/v1", "Job")))
    wanted, labels = content(1), {RELEASE_LABEL: "fraud"}
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "migration", "labels": labels},
        "spec": {"ttlSecondsAfterFinished": 0, "template": {"spec": {"containers": []}}},
    }
    after = cluster.after

    def clean(found: FakeCluster, call: str, what: str) -> None:
        after(found, call, what)
        if (call, what) == ("apply", "Job/migration"):
            found.delete(Kind("batch/v1", "Job"), "migration", "default")

    cluster.after = clean
    deploy(cluster, replace(wanted, manifests=(*wanted.manifests, job)))
    assert states(cluster) == ["live"]


def test_pods_that_are_not_reached() -> None:
    """Where the API server leads to no pod that it calls ready, another try may do better."""
    cluster = a_cluster()
    cluster.answers = lambda pod, request: None
    with pytest.raises(UnreachedError, match=r"pod fraud-\d+ does not answer on port 8000") as error:
        deploy(cluster, content(1))
    assert error.value.category is Category.INFRASTRUCTURE
    assert holds(cluster, None)
