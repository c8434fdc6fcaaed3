"""Whether a Service has its address."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline_kit.contract.cluster import Object
from pipeline_kit.deploy.targets.kubernetes.readiness.state import Readiness, done, part, waiting


def service(found: Object, pods: Sequence[Object], events: Sequence[Object]) -> Readiness:
    """Done at once, but for one that waits for a balancer outside the cluster."""
    outside = part(found, "spec").get("type") == "LoadBalancer"
    if outside and not part(found, "status", "loadBalancer").get("ingress"):
        return waiting("the load balancer has no address yet")
    return done("there")
