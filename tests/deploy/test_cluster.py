"""What a release may rely on: the same of the cluster in memory, which other tests use, and of a real one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pipeline_kit.contract.cluster import Cluster, Kind, PodRequest, Selector
from pipeline_kit.errors import ProjectError
from pipeline_kit.testing.cluster import FakeCluster
from tests.deploy import parts
from tests.deploy.waiting import until

SETTINGS = Kind("v1", "ConfigMap")


@pytest.fixture(scope="module", params=["memory", pytest.param("real", marks=pytest.mark.cluster)])
def place(request: pytest.FixtureRequest) -> Iterator[tuple[Cluster, str]]:
    """A cluster and a namespace in it."""
    if request.param == "memory":
        yield FakeCluster(namespaces={"contract"}), "contract"
        return
    cluster = parts.require_cluster()
    with parts.namespace(cluster, "contract") as name:
        yield cluster, name


def settings(name: str, data: dict[str, str], **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}, "data": data}


def test_kinds(place: tuple[Cluster, str]) -> None:
    """Groups and versions are discovered, and what stands outside namespaces is known."""
    kinds = place[0].kinds()
    assert Kind("apps/v1", "Deployment") in kinds
    assert Kind("v1", "Node", namespaced=False) in kinds
    assert all("/" not in kind.kind for kind in kinds)


def test_apply_takes_away_what_it_no_longer_says(place: tuple[Cluster, str]) -> None:
    """Applied again, a field that is gone from the manifest is gone from the object; the same again changes nothing."""
    cluster, namespace = place
    cluster.apply(settings("applied", {"a": "1", "b": "2"}), namespace=namespace)
    found = cluster.apply(settings("applied", {"b": "3"}), namespace=namespace)
    assert found["data"] == {"b": "3"}
    again = cluster.apply(settings("applied", {"b": "3"}), namespace=namespace)
    assert again["metadata"]["resourceVersion"] == found["metadata"]["resourceVersion"]
    assert cluster.get(SETTINGS, "applied", namespace) is not None


def test_a_dry_run_changes_nothing(place: tuple[Cluster, str]) -> None:
    """It answers with what would be."""
    cluster, namespace = place
    cluster.apply(settings("dry", {"a": "1"}), namespace=namespace)
    would = cluster.apply(settings("dry", {"a": "2"}), namespace=namespace, dry_run=True)
    assert would["data"] == {"a": "2"}
    found = cluster.get(SETTINGS, "dry", namespace)
    assert found is not None
    assert found["data"] == {"a": "1"}
    cluster.apply(settings("new", {"a": "1"}), namespace=namespace, dry_run=True)
    assert cluster.get(SETTINGS, "new", namespace) is None


def test_create_and_replace_never_overwrite_what_they_have_not_seen(place: tuple[Cluster, str]) -> None:
    """A name that is taken, an older version and an object that is gone are each answered with none."""
    cluster, namespace = place
    first = cluster.create(settings("swapped", {"a": "1"}), namespace=namespace)
    assert first is not None
    assert cluster.create(settings("swapped", {"a": "2"}), namespace=namespace) is None
    second = cluster.replace({**first, "data": {"a": "3"}}, namespace=namespace)
    assert second is not None
    assert cluster.replace({**first, "data": {"a": "4"}}, namespace=namespace) is None
    cluster.delete(SETTINGS, "swapped", namespace)
    until(lambda: cluster.get(SETTINGS, "swapped", namespace) is None, "the object is gone")
    assert cluster.replace({**second, "data": {"a": "5"}}, namespace=namespace) is None
    cluster.delete(SETTINGS, "swapped", namespace)


def test_objects_are_found_by_their_labels(place: tuple[Cluster, str]) -> None:
    """Of a namespace, or of all; each says what it is."""
    cluster, namespace = place
    for name, label in (("one", "x"), ("two", "x"), ("three", "y")):
        cluster.apply(settings(name, {}, labels={"side": label, "test": namespace}), namespace=namespace)
    found = cluster.list(SETTINGS, namespace, Selector({"side": "x", "test": namespace}))
    assert [each["metadata"]["name"] for each in found] == ["one", "two"]
    assert {(each["apiVersion"], each["kind"]) for each in found} == {("v1", "ConfigMap")}
    assert len(cluster.list(SETTINGS, None, Selector({"test": namespace}))) == 3


def test_refusals(place: tuple[Cluster, str]) -> None:
    """A namespace or a kind that is not there is refused by name."""
    cluster, namespace = place
    with pytest.raises(ProjectError, match='namespaces "nowhere" not found'):
        cluster.apply(settings("lost", {}), namespace="nowhere")
    with pytest.raises(ProjectError, match=r"serves no Spaceship of example\.com/v1"):
        cluster.get(Kind("example.com/v1", "Spaceship"), "one", namespace)


def test_a_pod_that_is_not_there(place: tuple[Cluster, str]) -> None:
    """It has no log and answers nothing."""
    cluster, namespace = place
    assert cluster.logs(namespace, "gone", "serve", previous=False, lines=5) == ()
    assert cluster.ask(namespace, "gone", PodRequest(8000, "GET", "/model")) is None
