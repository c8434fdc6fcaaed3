"""Whether a namespace's quotas leave room for a release."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from pipeline_kit.contract.cluster import Object
from pipeline_kit.deploy.targets.kubernetes.demand import Demand
from pipeline_kit.deploy.targets.kubernetes.pod_requests import Amounts, amounts, pod_limits, pod_requests
from pipeline_kit.deploy.targets.kubernetes.quantity import amount_text

SCOPES_OF_SERVERS = {"NotTerminating", "NotBestEffort"}
COUNTS = {"pods": "pods", "count/pods": "pods"}


def quota_shortages(asked: Sequence[Demand], quotas: Sequence[Object]) -> Iterator[str]:
    """Messages on what exceeds a quota."""
    for quota in quotas:
        if applies(quota):
            yield from of_quota(asked, quota)


def applies(quota: Object) -> bool:
    """Whether the quota counts pods that serve: one for a class of priorities or for jobs does not."""
    spec = quota.get("spec") or {}
    return not spec.get("scopeSelector") and set(spec.get("scopes") or ()) <= SCOPES_OF_SERVERS


def of_quota(asked: Sequence[Demand], quota: Object) -> Iterator[str]:
    """What exceeds this quota."""
    status = quota.get("status") or {}
    hard, used = amounts(status.get("hard") or (quota.get("spec") or {}).get("hard")), amounts(status.get("used"))
    name = quota["metadata"]["name"]
    for resource, most in sorted(hard.items()):
        taken, more = used.get(resource, Fraction(0)), sum((peak(demand, resource) for demand in asked), Fraction(0))
        if more > 0 and taken + more > most:
            free = amount_text(resource, max(Fraction(0), most - taken))
            at_most, now = amount_text(resource, most), amount_text(resource, taken)
            asks = amount_text(resource, more)
            yield f"quota {name}: the release asks for {asks} more at its peak; free is {free} ({at_most}, used {now})"


def peak(demand: Demand, resource: str) -> Fraction:
    """The most that the demand adds: at first, beside all old pods, or with the last old ones, beside all new ones."""
    new = counted(demand.need, demand.limits, resource)
    old = [counted(pod_requests(pod["spec"]), pod_limits(pod["spec"]), resource) for pod in demand.old]
    last = sorted(old, reverse=True)[: demand.surge]
    return max(demand.first * new, demand.all_new * new + sum(last) - sum(old), Fraction(0))


def counted(need: Amounts, limits: Mapping[str, Fraction], resource: str) -> Fraction:
    """What one pod counts against a quota's resource."""
    if resource in COUNTS:
        return Fraction(1)
    which, _, rest = resource.partition(".")
    if which == "limits":
        return limits.get(rest, Fraction(0))
    return need.get(rest if which == "requests" else resource, Fraction(0))
