"""A release through an API server that fails: what passes is not noticed, what lasts is told, and it ends whole."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pytest

from pipeline_kit.adapters.kubernetes.cluster import KubernetesCluster
from pipeline_kit.adapters.kubernetes.connection import RETRY, TIMEOUTS
from pipeline_kit.errors import Category, KitError
from tests.deploy.faulty_server import WRITES, Faults, faulty_server
from tests.deploy.real_release import deploy
from tests.deploy.stories import Scene, Story, new_of, old_of
from tests.deploy.whole import not_whole

pytestmark = pytest.mark.cluster
QUICK: dict[str, Any] = {
    "retry": replace(RETRY, tries=5, first_seconds=0.1),
    "timeouts": replace(TIMEOUTS, read_seconds=2),
}
LEASE_SECONDS = 6
PASSES = 3
"""Requests in a row that fail before it passes."""
LASTS = 1_000_000


def call_of(method: str, path: str) -> str:
    """What a deployer does by a request."""
    address, _, query = path.partition("?")
    if "/leases/" in address and method == "PUT":
        return "renew the lease"
    if "/secrets" in address and method in WRITES:
        return "write the record"
    if "/proxy/" in address:
        return "ask a pod"
    if method == "PATCH":
        return "try" if "dryRun" in query else "apply"
    if method == "DELETE":
        return "delete"
    if "limit=" in query:
        return "list"
    return "get" if "/namespaces/" in address else "discover"


@dataclass
class Failing:
    """The requests that do one thing fail, from one of them on, and so many of them."""

    call: str
    fault: str
    first: int
    count: int
    seen: int = 0

    def choose(self, method: str, path: str, number: int) -> str | None:
        """The fault of a request."""
        if self.call not in (call_of(method, path), "anything"):
            return None
        self.seen += 1
        return self.fault if self.first <= self.seen < self.first + self.count else None


def passes(call: str, fault: str, first: int, scene: Scene) -> None:
    """What fails for a while is asked again: the release does not notice."""
    old_of(scene)
    new = new_of(scene)
    faults = Faults(Failing(call, fault, first, PASSES if fault != "stall" else 1).choose)
    with faulty_server(os.environ["KUBECONFIG"], scene.folder, faults) as kubeconfig:
        deploy(scene.ground, new, KubernetesCluster(kubeconfig, None, {}, (), **QUICK), lease_seconds=LEASE_SECONDS)
    assert faults.met, "nothing has failed"
    assert not_whole(scene.ground, new) == []


def lasts(call: str, fault: str, first: int, scene: Scene) -> None:
    """What goes on failing is a failure of the infrastructure, and the same command finishes the work later."""
    old, new = old_of(scene), new_of(scene)
    faults = Faults(Failing(call, fault, first, LASTS).choose)
    with faulty_server(os.environ["KUBECONFIG"], scene.folder, faults) as kubeconfig:
        through = KubernetesCluster(kubeconfig, None, {}, (), **QUICK)
        with pytest.raises(KitError) as error:
            deploy(scene.ground, new, through, lease_seconds=LEASE_SECONDS)
    assert error.value.category is Category.INFRASTRUCTURE, error.value.message
    if scene.ground.record().unfinished is None:
        assert not_whole(scene.ground, old) == []
    deploy(scene.ground, new)
    assert not_whole(scene.ground, new) == []


FAULTS = [
    ("get", "500", 4),
    ("apply", "429", 2),
    ("list", "reset", 4),
    ("renew the lease", "stall", 2),
    ("write the record", "lost", 2),
    ("ask a pod", "truncated", 2),
    ("try", "503", 1),
    ("delete", "lost", 1),
    ("discover", "500", 1),
    ("anything", "reset", 60),
]
"""What fails, how, and from which such request on."""

STORIES: dict[str, Story] = {
    **{f"{call}, {fault} for a while": partial(passes, call, fault, first) for call, fault, first in FAULTS},
    **{f"{call}, {fault} for good": partial(lasts, call, fault, first) for call, fault, first in FAULTS},
}


@pytest.mark.parametrize("trouble", STORIES)
def test_it_ends_whole(trouble: str, ends: Mapping[str, str], ended_whole: Callable[[], None]) -> None:
    """Whatever the API server does, one revision is whole by the record and by the cluster."""
    assert not ends[trouble], ends[trouble]
    ended_whole()
