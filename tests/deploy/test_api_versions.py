"""Which version of a kind is applied: one that the cluster serves and that has the manifest's fields."""

from __future__ import annotations

import pytest

from pipeline_kit.contract.cluster import Kind, Object
from pipeline_kit.deploy.targets.kubernetes.api_versions import served
from pipeline_kit.errors import ProjectError

BUDGET: Object = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "fraud"}, "spec": {}}
INGRESS: Object = {"apiVersion": "networking.k8s.io/v1beta1", "kind": "Ingress", "metadata": {"name": "fraud"}}
MONITOR: Object = {"apiVersion": "monitoring.example/v1", "kind": "Monitor", "metadata": {"name": "fraud"}}


def test_a_version_that_is_served_stays() -> None:
    """Even where a newer one is served first."""
    kinds = (Kind("policy/v2", "PodDisruptionBudget"), Kind("policy/v1", "PodDisruptionBudget"))
    assert served([BUDGET], kinds) == ((BUDGET, kinds[1]),)


def test_an_old_cluster_gets_its_own_version() -> None:
    """A budget is `policy/v1beta1` up to Kubernetes 1.20, with the same fields; the manifest itself stays as it was."""
    kind = Kind("policy/v1beta1", "PodDisruptionBudget")
    ((made, found),) = served([BUDGET], (Kind("v1", "Service"), kind))
    assert (made["apiVersion"], found) == ("policy/v1beta1", kind)
    assert BUDGET["apiVersion"] == "policy/v1"


def test_a_new_cluster_gets_its_own_version() -> None:
    """A project's old manifest goes on working."""
    kind = Kind("policy/v1", "PodDisruptionBudget")
    ((made, _),) = served([{**BUDGET, "apiVersion": "policy/v1beta1"}], (kind,))
    assert made["apiVersion"] == "policy/v1"


def test_versions_with_other_fields_are_never_exchanged() -> None:
    """An Ingress of v1 has other fields than one of v1beta1: the hint says what the cluster serves."""
    with pytest.raises(ProjectError, match=r"Ingress fraud: .* no Ingress of networking.k8s.io/v1beta1") as raised:
        served([INGRESS], (Kind("networking.k8s.io/v1", "Ingress"),))
    assert "networking.k8s.io/v1:" in str(raised.value.hint)


def test_a_kind_that_is_not_there_is_told() -> None:
    """One with a domain of its own comes with an operator."""
    with pytest.raises(ProjectError, match="no Monitor") as raised:
        served([MONITOR], (Kind("v1", "Service"),))
    assert "operator" in str(raised.value.hint)
    with pytest.raises(ProjectError) as raised:
        served([{**BUDGET, "apiVersion": "policy/v9"}], ())
    assert "newer cluster" in str(raised.value.hint)
