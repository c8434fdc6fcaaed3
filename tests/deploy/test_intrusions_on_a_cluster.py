"""What cannot go well is refused, and what others do to a release meanwhile is noticed: on a real cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from pipeline_kit.contract.cluster import Kind
from pipeline_kit.deploy.failure import ReleaseError
from pipeline_kit.deploy.record import Content, DamagedRecordError
from pipeline_kit.deploy.targets.kubernetes.labels import RELEASE_LABEL
from pipeline_kit.errors import ProjectError
from tests.deploy.edits import of_container, of_deployment, of_pod
from tests.deploy.moments import Once, Watched
from tests.deploy.real_release import Ground, deploy
from tests.deploy.standing import Standing
from tests.deploy.stories import CRASHED
from tests.deploy.waiting import until
from tests.deploy.whole import not_whole

pytestmark = pytest.mark.cluster
SECRET, SETTINGS, QUOTA = Kind("v1", "Secret"), Kind("v1", "ConfigMap"), Kind("v1", "ResourceQuota")
RECORD = "pipeline-kit.fraud"

REFUSED = {
    "more processors than there are": (
        of_container(resources={"requests": {"cpu": "500"}}),
        "the cluster has no room: Deployment fraud: room for 0 of 1 pod beside the",
    ),
    "a node that is not there": (of_pod(nodeSelector={"disk": "fast"}), "none of the 1 nodes takes such pods"),
    "invalid": (of_deployment(replicas=-1), "the cluster refuses Deployment fraud: .*must be greater than or equal"),
    "another selector": (
        of_deployment(selector={"matchLabels": {RELEASE_LABEL: "fraud"}}),
        "the cluster refuses Deployment fraud: .*field is immutable",
    ),
    "an older commit": (lambda content: replace(content, commit_time=0, commit="0" * 40), "is older than commit 0000"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_go_well_is_refused(name: str, standing: Standing, ended_whole: Callable[[], None]) -> None:
    """Before anything is changed: not even the record."""
    edit, told = REFUSED[name]
    refused(standing, edit(standing.new()), told)
    ended_whole()


def refused(standing: Standing, wanted: Content, told: str) -> None:
    """Releases what must be refused without any change."""
    before = standing.ground.record()
    with pytest.raises(ProjectError, match=told):
        deploy(standing.ground, wanted)
    assert standing.ground.record() == before
    assert not_whole(standing.ground, standing.old) == []


def test_objects_of_others_are_not_taken_over(standing: Standing, ended_whole: Callable[[], None]) -> None:
    """A foreign object with a name that the new revision wants is named, and stays as it is."""
    namespace, wanted = standing.ground.namespace, standing.new()
    name = f"fraud-{standing.next_version}"
    other = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"whose": "another's"}}
    standing.cluster.create(other, namespace=namespace)
    refused(standing, wanted, f"ConfigMap {name} is in the namespace {namespace} already and was not made by the kit")
    found = standing.cluster.get(SETTINGS, name, namespace)
    assert found is not None
    assert found["data"] == {"whose": "another's"}
    standing.cluster.delete(SETTINGS, name, namespace)
    until(lambda: standing.cluster.get(SETTINGS, name, namespace) is None, "the foreign object is gone")
    ended_whole()


@contextmanager
def quota(ground: Ground, pods: int) -> Iterator[None]:
    """A quota of the namespace, which counts."""
    limit = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "team"},
        "spec": {"hard": {"pods": pods}},
    }

    def counts() -> bool:
        found = ground.cluster.get(QUOTA, "team", ground.namespace)
        return bool(found and (found.get("status") or {}).get("used"))

    ground.cluster.create(limit, namespace=ground.namespace)
    try:
        until(counts, "the quota counts")
        yield
    finally:
        ground.cluster.delete(QUOTA, "team", ground.namespace)
        until(lambda: ground.cluster.get(QUOTA, "team", ground.namespace) is None, "the quota is gone")


def test_a_quota_that_is_used_up(standing: Standing, ended_whole: Callable[[], None]) -> None:
    """It is named before anything is changed."""
    with quota(standing.ground, 1):
        refused(standing, standing.new(), "the cluster has no room: .*quota team")
    ended_whole()


def test_a_quota_that_comes_in_between(standing: Standing, ended_whole: Callable[[], None]) -> None:
    """The cluster then forbids the new pod, which is told at once."""
    limit = quota(standing.ground, 1)
    watched = Watched(standing.cluster, Once("apply Deployment/fraud", limit.__enter__))
    try:
        with pytest.raises(ReleaseError, match=r"the cluster forbids its pods: .*exceeded quota: team"):
            deploy(standing.ground, standing.new(), watched)
        assert not_whole(standing.ground, standing.old) == []
    finally:
        limit.__exit__(None, None, None)
    ended_whole()


def delete_record(ground: Ground) -> None:
    """Somebody deletes the record."""
    ground.cluster.delete(SECRET, RECORD, ground.namespace)


def damage_record(ground: Ground) -> None:
    """Somebody writes nonsense into the record."""
    found = ground.cluster.get(SECRET, RECORD, ground.namespace)
    assert found is not None
    assert ground.cluster.replace({**found, "data": {"record": "bm9uc2Vuc2U="}}, namespace=ground.namespace)


@pytest.mark.parametrize(
    ("harm", "moment"),
    [
        pytest.param(delete_record, "record: begun, apply", id="deleted at the step apply"),
        pytest.param(damage_record, "record: begun, ready", id="damaged at the step ready"),
        pytest.param(delete_record, "record: begun, prune", id="deleted at the step prune"),
    ],
)
def test_a_record_that_is_lost_during_a_release(
    harm: Callable[[Ground], None], moment: str, standing: Standing, ended_whole: Callable[[], None]
) -> None:
    """Whoever holds the lease knows it, and writes it anew."""
    wanted = standing.new()
    once = Once(moment, lambda: harm(standing.ground))
    deploy(standing.ground, wanted, Watched(standing.cluster, once))
    assert once.happened
    assert not_whole(standing.ground, wanted) == []
    ended_whole()


@pytest.mark.parametrize("harm", [delete_record, damage_record], ids=["deleted", "damaged"])
def test_a_record_that_is_lost_before_a_release_fails(
    harm: Callable[[Ground], None], standing: Standing, ended_whole: Callable[[], None]
) -> None:
    """What was live is known still, and brought back."""
    once = Once("record: begun, ready", lambda: harm(standing.ground))
    with pytest.raises(ReleaseError, match=CRASHED):
        deploy(standing.ground, standing.new("crash"), Watched(standing.cluster, once))
    assert once.happened
    assert not_whole(standing.ground, standing.old) == []
    ended_whole()


def test_a_record_that_was_damaged_before(standing: Standing, ended_whole: Callable[[], None]) -> None:
    """It is named and nothing is changed; restored, it says again what is live."""
    ground = standing.ground
    before = ground.cluster.get(SECRET, RECORD, ground.namespace)
    assert before is not None
    damage_record(ground)
    wanted = standing.new()
    with pytest.raises(DamagedRecordError, match=f"the record in Secret {RECORD} is damaged"):
        deploy(ground, wanted)
    found = ground.cluster.get(SECRET, RECORD, ground.namespace)
    assert found is not None
    ground.cluster.replace({**found, "data": before["data"]}, namespace=ground.namespace)
    assert not_whole(ground, standing.old) == []
    ended_whole()


@pytest.mark.parametrize(
    ("kind", "moment"),
    [
        ("Service", "record: begun, ready"),
        ("Service", "record: begun, verify"),
        ("ServiceAccount", "record: begun, prune"),
    ],
    ids=lambda value: value.replace("record: begun, ", "at the step "),
)
def test_an_object_that_somebody_deletes(
    kind: str, moment: str, standing: Standing, ended_whole: Callable[[], None]
) -> None:
    """It is named, and the old revision is brought back with all its objects."""
    versions = {each["kind"]: each["apiVersion"] for each in standing.old.manifests}
    which, namespace = Kind(versions[kind], kind), standing.ground.namespace
    once = Once(moment, lambda: standing.cluster.delete(which, "fraud", namespace))
    with pytest.raises(ReleaseError, match=f"{kind} fraud: it was deleted"):
        deploy(standing.ground, standing.new(), Watched(standing.cluster, once))
    assert not_whole(standing.ground, standing.old) == []
    ended_whole()


def test_an_object_that_somebody_deletes_while_it_is_taken_back(
    standing: Standing, ended_whole: Callable[[], None]
) -> None:
    """It is applied again, for the old revision must be whole."""
    namespace, service = standing.ground.namespace, Kind("v1", "Service")
    moment = f"done: delete ConfigMap/fraud-{standing.next_version}"  # of the revision that is rolled back
    once = Once(moment, lambda: standing.cluster.delete(service, "fraud", namespace))
    with pytest.raises(ReleaseError, match=CRASHED):
        deploy(standing.ground, standing.new("crash"), Watched(standing.cluster, once))
    assert once.happened
    assert not_whole(standing.ground, standing.old) == []
    ended_whole()


def test_a_pod_that_somebody_deletes(standing: Standing, ended_whole: Callable[[], None]) -> None:
    """The cluster makes another one, which is waited for and asked."""
    wanted, pod = standing.new(), Kind("v1", "Pod")

    def delete() -> None:
        for each in standing.cluster.list(pod, standing.ground.namespace):
            standing.cluster.delete(pod, each["metadata"]["name"], standing.ground.namespace)

    deploy(standing.ground, wanted, Watched(standing.cluster, Once("record: begun, prune", delete)))
    assert not_whole(standing.ground, wanted) == []
    ended_whole()
