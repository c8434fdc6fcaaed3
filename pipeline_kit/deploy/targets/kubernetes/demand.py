"""What pods a release brings, how many at first, and which of now they replace."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Any

from pipeline_kit.contract.cluster import Object
from pipeline_kit.deploy.targets.kubernetes.difference import differences
from pipeline_kit.deploy.targets.kubernetes.order import identity
from pipeline_kit.deploy.targets.kubernetes.pod_requests import Amounts, pod_limits, pod_requests, runs
from pipeline_kit.errors import ProjectError

TEMPLATED = ("Deployment", "StatefulSet", "DaemonSet", "Job")
SURGE = "25%"
"""What Kubernetes takes where a Deployment does not say."""
_SHARE = re.compile(r"([0-9]{1,6})(%?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Demand:
    """The pods of one object: `first` come beside the old ones, `all_new` is how many there are in the end."""

    name: str
    spec: Mapping[str, Any]
    first: int
    all_new: int
    surge: int = 0
    old: tuple[Object, ...] = ()
    everywhere: bool = False

    @property
    def need(self) -> Amounts:
        """What each pod asks for."""
        return pod_requests(self.spec)

    @property
    def limits(self) -> Amounts:
        """What each pod may use."""
        return pod_limits(self.spec)

    @property
    def size(self) -> tuple[Fraction, Fraction, Fraction]:
        """For an order of demands: devices, whose names have a domain, weigh most, then processors, then memory."""
        need = self.need
        devices = sum((value for name, value in need.items() if "/" in name), Fraction(0))
        return devices, need.get("cpu", Fraction(0)), need.get("memory", Fraction(0))


def demands(manifests: Sequence[Object], live: Sequence[Object], pods: Sequence[Object]) -> tuple[Demand, ...]:
    """The demand of each object that makes pods."""
    there = {identity(entry): entry for entry in live}
    return tuple(
        demand for manifest in manifests for demand in demand_of(manifest, there.get(identity(manifest)), pods)
    )


def demand_of(manifest: Object, live: Object | None, pods: Sequence[Object]) -> Iterator[Demand]:
    """The demand of one object, or none."""
    kind, name = str(manifest["kind"]), f"{manifest['kind']} {manifest['metadata']['name']}"
    if kind == "Pod" and live is None:
        yield Demand(name, manifest.get("spec") or {}, 1, 1)
    if kind not in TEMPLATED or (kind == "Job" and live is not None):
        return
    spec = manifest["spec"]
    template = spec["template"].get("spec") or {}
    old = tuple(pod for pod in pods if live is not None and runs(pod) and owned(manifest, live, pod))
    expected = int(spec.get("parallelism", 1) if kind == "Job" else spec.get("replicas", 1))
    if kind == "DaemonSet":
        yield Demand(name, template, 0, 0, old=old, everywhere=True)
    elif live is not None and same_template(live, manifest):
        yield Demand(name, template, max(0, expected - len(old)), expected, old=old)
    elif kind == "Deployment" and live is not None and old:
        yield rolling(Demand(name, template, 0, expected, old=old), spec)
    else:
        yield Demand(name, template, 0 if old else expected, expected, old=old)


def rolling(demand: Demand, spec: Mapping[str, Any]) -> Demand:
    """The demand of a Deployment whose pods are replaced: at first as many as may come beside the old ones."""
    strategy = spec.get("strategy") or {}
    if strategy.get("type") == "Recreate" or not demand.all_new:
        return demand
    update = strategy.get("rollingUpdate") or {}
    surge = share(update.get("maxSurge", SURGE), demand.all_new, up=True)
    spared = share(update.get("maxUnavailable", SURGE), demand.all_new, up=False)
    beside = demand.all_new + surge - len(demand.old)
    first = 0 if spared and beside < 1 else min(demand.all_new, max(1, beside))
    return Demand(demand.name, demand.spec, first, demand.all_new, surge, demand.old)


def share(value: object, of: int, *, up: bool) -> int:
    """A count, or a percentage of one, rounded as Kubernetes rounds it."""
    match = _SHARE.fullmatch(str(value))
    if match is None:
        raise ProjectError(f"neither a number of pods nor a percentage: {str(value)[:60]!r}", hint="write 1 or 25%")
    exact = Fraction(int(match.group(1)) * (of if match.group(2) else 100), 100)
    return ceil(exact) if up else floor(exact)


def same_template(live: Object, manifest: Object) -> bool:
    """Whether the release leaves the pods as they are: then none is replaced."""
    return not differences(template_of(live), template_of(manifest))


def template_of(found: Object) -> Object:
    """The pod template as an object of its own."""
    template = (found.get("spec") or {}).get("template") or {}
    return {"kind": "PodTemplate", "metadata": template.get("metadata") or {}, "spec": template.get("spec") or {}}


def owned(manifest: Object, live: Object, pod: Object) -> bool:
    """Whether the pod is one of the live object's, by its selector."""
    metadata = pod["metadata"]
    here = live["metadata"].get("namespace") or manifest["metadata"].get("namespace")
    selector = ((live.get("spec") or {}).get("selector") or {}).get("matchLabels") or {}
    same = selector.items() <= (metadata.get("labels") or {}).items()
    return bool(selector) and same and metadata.get("namespace") == here
