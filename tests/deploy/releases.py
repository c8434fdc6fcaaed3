"""Workloads, pods, nodes and quotas as the tests of releases write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline_kit.deploy.strategies.rolling import ROLLING
from pipeline_kit.deploy.workload import Identity, Workload

MODEL = "sha256:" + "1f" * 32
PACKAGE = "sha256:" + "2e" * 32
COMMIT = "3d" * 20
IMAGE = "registry.example/risk/fraud@sha256:" + "4c" * 32
OLD_IMAGE = "registry.example/risk/fraud@sha256:" + "5b" * 32


def workload(**changes: Any) -> Workload:
    """A small release, with these fields otherwise."""
    identity = Identity("fraud_detection", MODEL, PACKAGE, COMMIT, "0.1.0")
    fields = {"release": "fraud_detection", "namespace": "risk", "environment": "staging", "image": IMAGE}
    return Workload(**{"identity": identity, "replacement": ROLLING.replacement, **fields, **changes})


def pod(name: str = "fraud-1", *, image: str = IMAGE, node: str | None = None, **status: Any) -> dict[str, Any]:
    """A pod of the Deployment below, in this state."""
    labels = {"app": "fraud"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "risk", "labels": labels, "uid": f"uid-{name}"},
        "spec": {
            "containers": [{"name": "serve", "image": image, "resources": {"limits": {"memory": "512Mi"}}}],
            **({"nodeName": node} if node else {}),
        },
        "status": {"phase": "Pending", **status},
    }


def container(**state: Any) -> dict[str, Any]:
    """Status of a pod whose container is in this state."""
    return {"containerStatuses": [{"name": "serve", "image": IMAGE, "restartCount": 0, "ready": False, **state}]}


def deployment(*, generation: int = 2, seen: int | None = 2, **status: Any) -> dict[str, Any]:
    """A Deployment of two pods with this status."""
    told = {} if seen is None else {"observedGeneration": seen}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "fraud", "namespace": "risk", "generation": generation},
        "spec": {
            "replicas": 2,
            "progressDeadlineSeconds": 600,
            "selector": {"matchLabels": {"app": "fraud"}},
            "template": {
                "metadata": {"labels": {"app": "fraud"}},
                "spec": {"containers": [{"name": "serve", "image": IMAGE}]},
            },
        },
        "status": {**told, **status},
    }


def node(
    name: str,
    room: Mapping[str, str],
    *,
    ready: str = "True",
    taints: Sequence[Mapping[str, str]] = (),
    cordoned: bool = False,
) -> dict[str, Any]:
    """A node with so much for pods."""
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
        "spec": {"taints": list(taints), "unschedulable": cordoned},
        "status": {"allocatable": {"pods": "110", **room}, "conditions": [{"type": "Ready", "status": ready}]},
    }


def running(name: str, on: str, requests: Mapping[str, str], labels: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A pod that runs on a node and holds so much of it."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "risk", "labels": dict(labels or {})},
        "spec": {"nodeName": on, "containers": [{"name": "serve", "resources": {"requests": dict(requests)}}]},
        "status": {"phase": "Running"},
    }


def quota(hard: Mapping[str, str], used: Mapping[str, str]) -> dict[str, Any]:
    """A quota of the namespace."""
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "team", "namespace": "risk"},
        "spec": {"hard": dict(hard)},
        "status": {"hard": dict(hard), "used": dict(used)},
    }
