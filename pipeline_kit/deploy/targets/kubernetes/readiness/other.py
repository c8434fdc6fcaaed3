"""Whether an object of any other kind is ready, as far as its status says."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline_kit.contract.cluster import Object
from pipeline_kit.deploy.targets.kubernetes.readiness.state import Readiness, condition, done, failed, waiting, words


def other(found: Object, pods: Sequence[Object], events: Sequence[Object]) -> Readiness:
    """Done when it is there; one that has a condition Ready or Stalled is believed."""
    stalled, ready = condition(found, "Stalled"), condition(found, "Ready")
    if stalled.get("status") == "True":
        return failed(f"it is stalled ({stalled.get('reason')}): {words(stalled.get('message'))}")
    if ready and ready.get("status") != "True":
        return waiting(f"it is not ready ({ready.get('reason')}): {words(ready.get('message'))}")
    return done("there")
