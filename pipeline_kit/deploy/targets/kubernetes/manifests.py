"""The kit's own manifests of a release: what serves, its address, and what keeps it apart and available."""

from __future__ import annotations

from typing import Any

from pipeline_kit.contract.cluster import Object
from pipeline_kit.deploy.strategy import Replacement
from pipeline_kit.deploy.targets.kubernetes.labels import kit_annotation, labels, notes, object_name, selector_labels
from pipeline_kit.deploy.targets.kubernetes.pod_template import PORT_NAME, START_SECONDS, pod_template
from pipeline_kit.deploy.workload import Workload

DNS_PORT = 53
KEPT_REPLICA_SETS = 3
MIN_READY_SECONDS = 2
"""A pod counts as available after it was ready for that long: one that dies at its first breath does not."""


def kit_manifests(workload: Workload) -> tuple[Object, ...]:
    """All objects of the release, in the newest version of their kinds; a budget only where a pod can be spared."""
    budget = (disruption_budget(workload),) if workload.replicas > 1 else ()
    return (service_account(workload), network_policy(workload), service(workload), *budget, deployment(workload))


def manifest(api_version: str, kind: str, workload: Workload, **content: Any) -> dict[str, Any]:
    """An object of the release with its name, labels and annotations."""
    metadata = {
        "name": object_name(workload.release),
        "namespace": workload.namespace,
        "labels": labels(workload),
        "annotations": dict(sorted({**notes(workload), **kit_annotation(workload)}.items())),
    }
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **content}


def service_account(workload: Workload) -> Object:
    """The pods' service account; pods run without its token."""
    return manifest("v1", "ServiceAccount", workload, automountServiceAccountToken=False)


def network_policy(workload: Workload) -> Object:
    """Pods are reached on their port, and reach nothing but the name service.

    The port is named, as in the Service: while a release changes its number, old and new pods are reached on theirs.
    """
    dns = [{"port": DNS_PORT, "protocol": protocol} for protocol in ("UDP", "TCP")]
    spec = {
        "podSelector": {"matchLabels": selector_labels(workload)},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"ports": [{"port": PORT_NAME, "protocol": "TCP"}]}],
        "egress": [{"ports": dns}],
    }
    return manifest("networking.k8s.io/v1", "NetworkPolicy", workload, spec=spec)


def service(workload: Workload) -> Object:
    """The address inside the cluster."""
    port = {"name": PORT_NAME, "port": workload.port, "targetPort": PORT_NAME, "protocol": "TCP"}
    spec = {"type": "ClusterIP", "selector": selector_labels(workload), "ports": [port]}
    return manifest("v1", "Service", workload, spec=spec)


def disruption_budget(workload: Workload) -> Object:
    """When nodes are drained, one pod goes at a time; for a single pod this would block the drain."""
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": selector_labels(workload)}}
    return manifest("policy/v1", "PodDisruptionBudget", workload, spec=spec)


def deployment(workload: Workload) -> Object:
    """The pods, replaced as the release's strategy says."""
    spec = {
        "replicas": workload.replicas,
        "selector": {"matchLabels": selector_labels(workload)},
        "strategy": update_strategy(workload.replacement),
        "revisionHistoryLimit": KEPT_REPLICA_SETS,
        "progressDeadlineSeconds": START_SECONDS,
        "minReadySeconds": MIN_READY_SECONDS,
        "template": pod_template(workload),
    }
    return manifest("apps/v1", "Deployment", workload, spec=spec)


def update_strategy(replacement: Replacement) -> dict[str, Any]:
    """How many pods may come beside the old ones, and how many may be missing, while they are replaced."""
    limits = {"maxUnavailable": replacement.unavailable, "maxSurge": replacement.surge}
    return {"type": "RollingUpdate", "rollingUpdate": limits}
