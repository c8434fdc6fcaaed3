"""The order of a release's objects, and what it leaves behind."""

from __future__ import annotations

from itertools import permutations

from pipeline_kit.contract.cluster import Object
from pipeline_kit.deploy.targets.kubernetes.manifests import kit_manifests
from pipeline_kit.deploy.targets.kubernetes.order import in_order, leftovers
from tests.deploy.releases import workload


def thing(kind: str, name: str = "fraud", api_version: str = "v1", namespace: str = "risk") -> Object:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": namespace}}


def kinds(objects: tuple[Object, ...]) -> list[str]:
    return [str(each["kind"]) for each in objects]


def test_what_pods_need_is_there_before_them() -> None:
    """Whatever order the manifests are in."""
    made = [thing("Deployment", api_version="apps/v1"), thing("Monitor"), thing("ConfigMap"), thing("ServiceAccount")]
    for each in permutations(made):
        assert kinds(in_order(each)) == ["ServiceAccount", "ConfigMap", "Deployment", "Monitor"]


def test_the_kits_own_manifests_end_with_the_pods() -> None:
    """The network policy is there before the first pod is."""
    order = ["NetworkPolicy", "ServiceAccount", "Service", "PodDisruptionBudget", "Deployment"]
    assert kinds(in_order(kit_manifests(workload()))) == order


def test_objects_of_a_kind_are_ordered_by_name() -> None:
    """So that two runs do the same in the same order."""
    made = in_order([thing("ConfigMap", "b"), thing("ConfigMap", "a")])
    assert [each["metadata"]["name"] for each in made] == ["a", "b"]


def test_what_a_release_no_longer_holds_goes_in_reverse() -> None:
    """Pods before what they need."""
    before = [thing("ConfigMap", "old"), thing("Deployment", "old", "apps/v1"), thing("ConfigMap", "kept")]
    assert leftovers(before, [thing("ConfigMap", "kept")]) == (before[1], before[0])


def test_an_object_in_another_version_of_its_group_is_the_same() -> None:
    """After the cluster's upgrade its budget is not removed right after it was applied."""
    old, new = (thing("PodDisruptionBudget", api_version=f"policy/{each}") for each in ("v1beta1", "v1"))
    assert leftovers([old], [new]) == ()
    assert leftovers([thing("Ingress", api_version="extensions/v1beta1")], [thing("Ingress")]) != ()


def test_a_budget_goes_when_one_pod_is_left() -> None:
    """It would block every drain of the pod's node."""
    before, now = kit_manifests(workload(replicas=2)), kit_manifests(workload(replicas=1))
    assert kinds(leftovers(before, now)) == ["PodDisruptionBudget"]
