"""Whether a cluster has room for a release, before any change: requests, free capacity, nodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline_kit.contract.cluster import Object
from pipeline_kit.deploy.targets.kubernetes.demand import Demand, demands
from pipeline_kit.deploy.targets.kubernetes.nodes import Room, rooms, takes
from pipeline_kit.deploy.targets.kubernetes.pod_requests import Amounts
from pipeline_kit.deploy.targets.kubernetes.quantity import amount_text
from pipeline_kit.deploy.targets.kubernetes.quotas import quota_shortages

NODES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class ClusterState:
    """What is there now: nodes, all pods of all namespaces, the namespace's quotas, and the release's own objects."""

    nodes: Sequence[Object] = ()
    pods: Sequence[Object] = ()
    quotas: Sequence[Object] = ()
    live: Sequence[Object] = ()


def shortages(manifests: Sequence[Object], state: ClusterState) -> tuple[str, ...]:
    """Messages on what the cluster lacks for the release; empty if there is room.

    A release that replaces pods needs room twice: for the first new ones beside all old ones, and for all new ones
    where the old ones were.
    """
    asked = demands(manifests, state.live, state.pods)
    names = list(lacking(asked, rooms(state.nodes, state.pods), first=True))
    if not names:
        old = {id(pod) for demand in asked for pod in demand.old}
        others = [pod for pod in state.pods if id(pod) not in old]
        names = list(lacking(asked, rooms(state.nodes, others), first=False))
    return (*names, *quota_shortages(asked, state.quotas))


def lacking(asked: Sequence[Demand], free: list[Room], *, first: bool) -> Iterator[str]:
    """The demands that do not fit, placed one after the other, the hungriest first."""
    for demand in sorted(asked, key=lambda each: each.size, reverse=True):
        count = demand.first if first else demand.all_new
        usable = [room for room in free if takes(room.node, demand.spec, daemon=demand.everywhere)]
        if demand.everywhere:
            yield from not_everywhere(demand, usable, first=first)
        elif count:
            yield from not_placed(demand, usable, count, len(free))


def not_placed(demand: Demand, usable: list[Room], count: int, nodes: int) -> Iterator[str]:
    """A shortage if fewer pods fit than will start; the message is made before the room is taken."""
    seen = in_words(usable, demand.need, nodes)
    placed = place(demand.need, usable, count)
    if placed < count:
        beside = f" beside the {len(demand.old)} that run" if demand.old else ""
        asks = ", ".join(amount_text(name, value) for name, value in demand.need.items() if name != "pods")
        pods = f"{count} pod{'' if count == 1 else 's'}"
        yield f"{demand.name}: room for {placed} of {pods}{beside}; each asks for {asks or 'its place'}; {seen}"


def place(need: Amounts, usable: list[Room], count: int) -> int:
    """How many of the pods found room."""
    left = count
    for room in usable:
        fits = room.fits(need)
        taken = left if fits is None else min(left, fits)
        room.take(need, taken)
        left -= taken
    return count - left


def not_everywhere(demand: Demand, usable: list[Room], *, first: bool) -> Iterator[str]:
    """The nodes without room for their pod; where pods are replaced the old one goes before."""
    if first and demand.old:
        return
    for room in usable:
        if not place(demand.need, [room], 1):
            yield f"{demand.name}: no room for its pod; node {room.shown(demand.need)} free"


def in_words(usable: list[Room], need: Amounts, nodes: int) -> str:
    """What is free, node by node, those with most room first."""
    if not usable:
        return f"none of the {nodes} nodes takes such pods: they are cordoned, not ready, tainted or not selected"
    roomiest = sorted(usable, key=lambda room: [-room.free.get(name, 0) for name in need])
    more = f" and {len(usable) - NODES_SHOWN} more nodes" if len(usable) > NODES_SHOWN else ""
    away = f" ({nodes - len(usable)} of {nodes} nodes do not take such pods)" if nodes > len(usable) else ""
    return f"free: {'; '.join(room.shown(need) for room in roomiest[:NODES_SHOWN])}{more}{away}"
