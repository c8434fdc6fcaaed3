"""Whether there is room for a release: what is asked, what is free, and where."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_kit.contract.cluster import Object
from pipeline_kit.deploy.targets.kubernetes.manifests import kit_manifests
from pipeline_kit.deploy.targets.kubernetes.pod_requests import pod_requests
from pipeline_kit.deploy.targets.kubernetes.preflight import ClusterState, shortages
from pipeline_kit.deploy.targets.kubernetes.quantity import amount_text, quantity
from pipeline_kit.errors import ProjectError
from tests.deploy.releases import OLD_IMAGE, node, quota, running, workload

BIG = {"cpu": "4", "memory": "8Gi"}
SELECTED = {"app.kubernetes.io/instance": "fraud-detection", "app.kubernetes.io/name": "fraud-detection"}
TAINT = {"key": "only", "value": "batch", "effect": "NoSchedule"}


def release(**changes: Any) -> tuple[Object, ...]:
    return kit_manifests(workload(**changes))


def old_pods(count: int, on: str = "a", **requests: str) -> list[Object]:
    asked = {"cpu": "500m", "memory": "512Mi", **requests}
    return [running(f"old-{number}", on, asked, SELECTED) for number in range(count)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("500m", Fraction(1, 2)),
        ("2", 2),
        (2, 2),
        (1.5, Fraction(3, 2)),
        (".5", Fraction(1, 2)),
        ("5.", 5),
        ("1.5Gi", 3 << 29),
        ("64M", 64_000_000),
        ("1e3", 1000),
        ("1E", 10**18),
        ("-1", -1),
        ("100n", Fraction(1, 10**7)),
    ],
)
def test_a_quantity_is_an_exact_number(text: object, value: object) -> None:
    """In decimal and binary units."""
    assert quantity(text) == value


@pytest.mark.parametrize("text", ["", "m", "1 Gi", "1gi", "0x10", "1e999999999", "nan", "१", "9" * 1000, True, None])
def test_what_is_no_quantity_is_refused(text: object) -> None:
    """Numbers that would exhaust memory among them."""
    with pytest.raises(ProjectError, match="not a quantity"):
        quantity(text)


@given(st.integers(min_value=0, max_value=1 << 60))
def test_amounts_are_told_in_readable_units(amount: int) -> None:
    """What is amount_text of what is free is never more than there is."""
    assert quantity(amount_text("memory", Fraction(amount)).removeprefix("memory ")) <= amount
    assert quantity(amount_text("cpu", Fraction(amount, 7)).removeprefix("cpu ")) <= Fraction(amount, 7)
    assert amount_text("pods", Fraction(1)) == "1 pod"


def test_a_pod_asks_for_what_the_scheduler_reckons() -> None:
    """All containers together, or the hungriest of those before them; a limit alone is a request too."""
    spec = {
        "containers": [{"resources": {"requests": {"cpu": "1"}}}, {"resources": {"limits": {"cpu": "500m"}}}],
        "initContainers": [
            {"resources": {"requests": {"cpu": "2", "memory": "1Gi"}}},
            {"restartPolicy": "Always", "resources": {"requests": {"cpu": "100m"}}},
        ],
        "overhead": {"cpu": "50m"},
    }
    assert pod_requests(spec) == {"cpu": Fraction("2.05"), "memory": 1 << 30, "pods": 1}


def test_a_release_that_fits_lacks_nothing() -> None:
    """On one node, or spread over two."""
    assert shortages(release(), ClusterState(nodes=[node("a", BIG)])) == ()
    half = {"cpu": "500m", "memory": "1Gi"}
    assert shortages(release(), ClusterState(nodes=[node("a", half), node("b", half)])) == ()


def test_what_lacks_is_told_with_what_is_free_and_where() -> None:
    """What other pods ask for is taken; those that have ended hold nothing."""
    over = running("over", "a", {"cpu": "4"})
    over["status"]["phase"] = "Succeeded"
    pods = [running("other", "a", {"cpu": "3200m", "memory": "1Gi"}), over]
    (said,) = shortages(release(), ClusterState(nodes=[node("a", BIG)], pods=pods))
    assert said == (
        "Deployment fraud-detection: room for 1 of 2 pods; each asks for cpu 500m, memory 512Mi; "
        "free: a has cpu 800m, memory 7Gi, 109 pods"
    )


def test_memory_and_places_count_as_well() -> None:
    """A node takes so many pods, whatever they ask for."""
    (said,) = shortages(release(memory="5Gi"), ClusterState(nodes=[node("a", BIG)]))
    assert "room for 1 of 2 pods" in said
    (said,) = shortages(release(), ClusterState(nodes=[node("a", {**BIG, "pods": "1"})]))
    assert "1 pod" in said


def test_graphics_processors_count_by_the_clusters_own_name() -> None:
    """A node without any has none."""
    nodes = [node("a", {**BIG, "nvidia.com/gpu": "1"}), node("b", BIG)]
    assert shortages(release(gpu=1, replicas=1), ClusterState(nodes=nodes)) == ()
    (said,) = shortages(release(gpu=1), ClusterState(nodes=nodes))
    assert "room for 1 of 2 pods; each asks for cpu 500m, memory 512Mi, nvidia.com/gpu 1" in said
    assert "b has cpu 4, memory 8Gi, nvidia.com/gpu 0" in said


@pytest.mark.parametrize(
    "away",
    [node("b", BIG, cordoned=True), node("b", BIG, ready="False"), node("b", BIG, taints=[TAINT])],
    ids=["cordoned", "not ready", "tainted"],
)
def test_nodes_that_take_no_pods_are_left_out(away: Object) -> None:
    """And it is said that they are."""
    little = node("a", {"cpu": "500m", "memory": "1Gi"})
    (said,) = shortages(release(), ClusterState(nodes=[little, away]))
    assert said.endswith("(1 of 2 nodes do not take such pods)")
    (said,) = shortages(release(), ClusterState(nodes=[away]))
    assert "none of the 1 nodes takes such pods" in said


@pytest.mark.parametrize(
    ("toleration", "fits"),
    [
        ({"key": "only", "operator": "Equal", "value": "batch", "effect": "NoSchedule"}, True),
        ({"key": "only", "operator": "Exists"}, True),
        ({"operator": "Exists"}, True),
        ({"key": "only", "value": "other"}, False),
        ({"key": "only", "operator": "Exists", "effect": "NoExecute"}, False),
        ({"key": "other", "operator": "Exists"}, False),
    ],
)
def test_a_taint_is_borne_by_who_tolerates_it(toleration: Object, fits: bool) -> None:
    """By key, value and effect; a preference keeps nobody away."""
    taints = [TAINT, {"key": "rather", "effect": "PreferNoSchedule"}]
    manifest = deployment_of(tolerations=[toleration])
    assert (shortages([manifest], ClusterState(nodes=[node("a", BIG, taints=taints)])) == ()) is fits


def deployment_of(*, update: Object | None = None, **spec: Any) -> dict[str, Any]:
    made = dict(release()[-1])
    pods = {**made["spec"]["template"]["spec"], **spec}
    template = {**made["spec"]["template"], "spec": pods}
    strategy = {"type": "RollingUpdate", "rollingUpdate": update} if update else made["spec"]["strategy"]
    return {**made, "spec": {**made["spec"], "template": template, "strategy": strategy}}


def test_a_node_selector_is_respected() -> None:
    """By the node's labels."""
    state = ClusterState(nodes=[node("a", BIG)])
    assert shortages([deployment_of(nodeSelector={"kubernetes.io/hostname": "a"})], state) == ()
    assert shortages([deployment_of(nodeSelector={"kubernetes.io/hostname": "b"})], state) != ()


def state_of(nodes: Sequence[Object], old: Sequence[Object]) -> ClusterState:
    return ClusterState(nodes=nodes, pods=old, live=release(image=OLD_IMAGE))


def test_a_rolling_update_needs_room_for_one_more() -> None:
    """The old pods stay until the new ones are ready."""
    full, roomy = ({"cpu": each, "memory": "8Gi"} for each in ("1", "1500m"))
    assert shortages(release(), state_of([node("a", roomy)], old_pods(2))) == ()
    (said,) = shortages(release(), state_of([node("a", full)], old_pods(2)))
    assert said.startswith("Deployment fraud-detection: room for 0 of 1 pod beside the 2 that run; each asks for")


def test_larger_pods_must_fit_where_the_old_ones_were() -> None:
    """The first fits beside the old ones, and the rest would not."""
    nodes = [node("a", {"cpu": "1", "memory": "8Gi"}), node("b", {"cpu": "2", "memory": "8Gi"})]
    (said,) = shortages(release(cpu="2"), state_of(nodes, old_pods(2)))
    assert "room for 1 of 2 pods" in said


def test_the_same_release_again_needs_no_room() -> None:
    """Its pods stay as they are; more of them need room for those alone."""
    full = [node("a", {"cpu": "1", "memory": "8Gi"})]
    state = ClusterState(nodes=full, pods=old_pods(2), live=release())
    assert shortages(release(), state) == ()
    (said,) = shortages(release(replicas=3), state)
    assert "room for 0 of 1 pod beside the 2 that run" in said


def test_an_update_that_may_spare_a_pod_needs_no_room_beside() -> None:
    """A project's own strategy may let an old pod go first."""
    full = [node("a", {"cpu": "1", "memory": "8Gi"})]
    assert shortages([deployment_of(update={"maxSurge": 0, "maxUnavailable": 1})], state_of(full, old_pods(2))) == ()
    assert shortages([deployment_of(update={"maxSurge": "50%"})], state_of(full, old_pods(2))) != ()
    with pytest.raises(ProjectError, match="neither a number of pods nor a percentage"):
        shortages([deployment_of(update={"maxSurge": "half"})], state_of(full, old_pods(2)))


def test_other_kinds_that_make_pods() -> None:
    """A pod on every node, one of its own, a job's pods side by side."""
    template = {"metadata": {}, "spec": {"containers": [{"name": "x", "resources": {"requests": {"cpu": "3"}}}]}}
    state = ClusterState(nodes=[node("a", BIG), node("b", {"cpu": "1", "memory": "1Gi"})])

    def of_kind(kind: str, spec: Object) -> Object:
        return {"apiVersion": "v1", "kind": kind, "metadata": {"name": "x", "namespace": "risk"}, "spec": spec}

    (said,) = shortages([of_kind("DaemonSet", {"template": template})], state)
    assert said == "DaemonSet x: no room for its pod; node b has cpu 1, 110 pods free"
    assert shortages([of_kind("Pod", template["spec"])], state) == ()
    (said,) = shortages([of_kind("Job", {"template": template, "parallelism": 2})], state)
    assert "Job x: room for 1 of 2 pods" in said
    assert shortages([of_kind("ConfigMap", {})], state) == ()


def test_the_hungriest_pods_are_placed_first() -> None:
    """Small ones find room between them; nodes with most room are amount_text first, and five at most."""
    small = {**release(cpu="1")[-1], "metadata": {"name": "small", "namespace": "risk"}}
    large = {**release(cpu="4", replicas=1)[-1], "metadata": {"name": "large", "namespace": "risk"}}
    nodes = [node("a", BIG), node("b", {"cpu": "2", "memory": "8Gi"})]
    assert shortages([small, large], ClusterState(nodes=nodes)) == ()
    many = [node(f"n{number}", {"cpu": str(number), "memory": "8Gi"}) for number in range(1, 8)]
    (said,) = shortages(release(cpu="9", replicas=1), ClusterState(nodes=many))
    assert "free: n7 has cpu 7, " in said
    assert said.endswith("n3 has cpu 3, memory 8Gi, 110 pods and 2 more nodes")


def test_a_daemons_pods_take_the_places_of_the_old_ones() -> None:
    """Each is replaced on its node, the old one first, on cordoned nodes as well."""
    nodes = [node("a", {"cpu": "1", "memory": "1Gi"}, cordoned=True)]
    made = release()[-1]
    spec = {name: each for name, each in made["spec"].items() if name in ("selector", "template")}
    daemon = {**made, "kind": "DaemonSet", "spec": spec}
    state = ClusterState(nodes=nodes, pods=old_pods(1, cpu="1"), live=[daemon])
    assert shortages([daemon], state) == ()
    (said,) = shortages([daemon], ClusterState(nodes=nodes, pods=old_pods(1, cpu="1")))
    assert said.startswith("DaemonSet fraud-detection: no room for its pod; node a has cpu 0")


@pytest.mark.parametrize(
    ("hard", "used", "told_as"),
    [
        ({"requests.cpu": "1"}, {"requests.cpu": "600m"}, "requests.cpu 1 more at its peak; free is requests.cpu 400m"),
        ({"cpu": "1"}, {"cpu": "600m"}, "cpu 1 more at its peak; free is cpu 400m (cpu 1, used cpu 600m)"),
        ({"limits.memory": "1Gi"}, {"limits.memory": "1Mi"}, "limits.memory 1Gi more at its peak"),
        ({"pods": "3"}, {"pods": "2"}, "2 pods more at its peak; free is 1 pod (3 pods, used 2 pods)"),
        ({"count/pods": "1"}, {}, "count/pods 2 more"),
        ({"requests.nvidia.com/gpu": "1"}, {}, "requests.nvidia.com/gpu 2 more"),
    ],
)
def test_a_quota_without_room_is_told(hard: Object, used: Object, told_as: str) -> None:
    """What is asked, what is free, and of which quota."""
    state = ClusterState(nodes=[node("a", {**BIG, "nvidia.com/gpu": "9"})], quotas=[quota(hard, used)])
    (said,) = shortages(release(gpu=1), state)
    assert said.startswith("quota team: the release asks for ")
    assert told_as in said


def test_a_quota_counts_the_surge_of_an_update() -> None:
    """Three pods while two are replaced by two."""
    nodes = [node("a", BIG)]

    def said(pods: str) -> tuple[str, ...]:
        state = state_of(nodes, old_pods(2))
        limit = quota({"pods": pods}, {"pods": "2"})
        return shortages(release(), ClusterState(nodes, state.pods, [limit], state.live))

    assert said("3") == ()
    assert "asks for 1 pod more" in said("2")[0]


def test_a_quota_for_other_pods_does_not_count() -> None:
    """Such as one for a class of priorities, or for jobs."""
    full = quota({"pods": "0"}, {})
    others: tuple[Object, ...] = ({"scopes": ["Terminating"]}, {"scopeSelector": {"matchExpressions": []}})
    for spec in others:
        state = ClusterState(nodes=[node("a", BIG)], quotas=[{**full, "spec": {**full["spec"], **spec}}])
        assert shortages(release(), state) == ()
