"""What a pod asks of its node, as the scheduler reckons it."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from pipeline_kit.contract.cluster import Object
from pipeline_kit.deploy.targets.kubernetes.quantity import largest, quantity, total

Amounts = Mapping[str, Fraction]


def pod_requests(spec: Mapping[str, Any]) -> Amounts:
    """The requests of a pod's spec: of all containers together or of the hungriest init container, and one pod."""
    return {**reckoned(spec, "requests"), "pods": Fraction(1)}


def pod_limits(spec: Mapping[str, Any]) -> Amounts:
    """The limits of a pod's spec."""
    return reckoned(spec, "limits")


def reckoned(spec: Mapping[str, Any], which: str) -> dict[str, Fraction]:
    """Requests or limits: init containers that keep running (sidecars) count with the others."""
    first = spec.get("initContainers") or ()
    beside = [entry for entry in first if entry.get("restartPolicy") == "Always"]
    at_first = [asked(entry, which) for entry in first if entry not in beside]
    running = total([asked(container, which) for container in (*(spec.get("containers") or ()), *beside)])
    overhead = amounts(spec.get("overhead"))
    return total([largest([running, *at_first]), overhead])


def asked(container: Mapping[str, Any], which: str) -> Amounts:
    """What one container asks for; where it names a limit alone, it asks for that."""
    resources = container.get("resources") or {}
    limits = amounts(resources.get("limits"))
    return limits if which == "limits" else {**limits, **amounts(resources.get("requests"))}


def amounts(quantities: Mapping[str, Any] | None) -> dict[str, Fraction]:
    """Quantities as numbers."""
    return {name: quantity(value) for name, value in (quantities or {}).items()}


def runs(pod: Object) -> bool:
    """Whether the pod holds what it asked for: it has a node and has not ended."""
    ended = (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")
    return bool((pod.get("spec") or {}).get("nodeName")) and not ended
