"""The cost of building and pushing an image after one line, or the model, has changed.

Compared with `docker build` and `docker push`, and with buildah: seconds, bytes read by the tool, bytes sent to the
registry. *Cold* is a fresh CI agent: empty engine, storage and cache, while the registry has the image before the
change. *Warm* is the agent that built that image.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.image_builders import Buildah, Builder, Docker, Kit
from benchmarks.image_engine import docker_client
from benchmarks.image_projects import Content, change_code, change_model, make_content, make_project
from benchmarks.image_servers import Counter, counted_registry
from benchmarks.results import Row, missing, seconds
from benchmarks.scale import Scale
from benchmarks.tools import Tools, on_path

WHAT = "an image with one changed layer, built and pushed"
KIT = "kit"
FROM_CACHE = "docker --cache-from"
"""Docker with the image before the change as its cache, which few set up: for comparison, in the first round and cold
only, since a warm engine has its own cache."""
COLD_SHARE = 0.1
WHY_NOT_COLD = (
    "sending and storing the changed layer's own bytes is a large part of this; besides, the kit reads them as input "
    "and output of its jobs, to verify the package, to write the layer and to verify it before it is sent"
)
WHY_NOT_WARM = (
    "BuildKit treats a file with the same size and time as unchanged, and does not read it; the kit reads the whole "
    "package, to verify the digest of what it ships, in two jobs that are processes of their own"
)
SMALL_BYTES = 200_000
"""An allowance for manifests, requests and headers."""


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of one build and push: wall time, bytes read by the tool, bytes sent to the registry."""

    seconds: float
    read: int
    sent: int

    def words(self) -> str:
        """The text of a table cell."""
        return f"{seconds(self.seconds)}, {megabytes(self.read)} read, {megabytes(self.sent)} sent"


Costs = Mapping[tuple[str, bool], Sequence[Cost]]
"""Costs by the tool's name and whether it was cold; the n-th of each were measured in one round."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change: its name, the size of its layer, and the function that makes it."""

    what: str
    layer: int
    make: Callable[[int], None]


def measure(tools: Tools, scale: Scale, folder: Path) -> Iterator[Row]:
    """The first image, then a changed line of code and a changed model, cold and warm, by each tool in turn."""
    if on_path("docker-registry") is None:
        yield missing(WHAT, "-", "docker-registry")
        return
    content = make_content(folder / "content", scale.dependency_megabytes, scale.model_megabytes)
    with ExitStack() as stack:
        counter = stack.enter_context(counted_registry(folder))
        builders = builders_of(tools, content, counter, folder, stack)
        here = {name.partition(" ")[0] for name in builders}
        yield from (missing(WHAT, "-", name) for name in ("docker", "buildah") if name not in here)
        first = first_images(builders, counter)
        yield from (broken(name) for name in builders if name not in first)
        working = {name: builders[name] for name in first}
        peers = [name for name in working if name not in (KIT, FROM_CACHE)]
        for peer in peers:
            yield compared(f"for comparison: the first image of all, to {peer}", [first[KIT]], [first[peer]])
        for change in changes_of(content, scale):
            yield from rows(change, costs_of(change, working, counter, scale), peers)


def builders_of(tools: Tools, content: Content, counter: Counter, folder: Path, stack: ExitStack) -> dict[str, Builder]:
    """The kit and the installed peers."""
    host = f"127.0.0.1:{counter.port}"
    (folder / "kit" / "project").mkdir(parents=True)
    make_project(folder / "kit" / "project", host)
    builders: dict[str, Builder] = {KIT: Kit(tools, content, folder / "kit")}
    client = docker_client()
    if client is not None:
        builders[client.title] = Docker(content, f"{host}/docker:latest", client, stack)
        if client.buildkit:
            builders[FROM_CACHE] = Docker(content, f"{host}/docker-from-cache:latest", client, stack, inline_cache=True)
    if on_path("buildah"):
        builders["buildah"] = Buildah(content, f"{host}/buildah:latest", folder / "buildah")
    return builders


def changes_of(content: Content, scale: Scale) -> tuple[Change, ...]:
    """The measured changes: a line of code and the weights."""
    weights = scale.model_megabytes
    return (
        Change("a line of code", 10_000, lambda number: change_code(content, number)),
        Change("the model", weights * 1_000_000, lambda _: change_model(content, weights)),
    )


def first_images(builders: Mapping[str, Builder], counter: Counter) -> dict[str, Cost]:
    """The cost of the first image by tool, without peers that fail. Raises RuntimeError where the kit fails."""
    costs = {}
    for name, builder in builders.items():
        try:
            costs[name] = cost_of(builder, counter, cold=True)
        except RuntimeError as error:
            if name == KIT:
                raise
            print(f"{name} cannot build on this machine: {error}", file=sys.stderr)
    return costs


def broken(name: str) -> Row:
    """The row of a peer that is installed and fails. The error is only printed: it may hold paths of this machine."""
    return Row(WHAT, "not measured", f"{name} fails", "-", "-", None, f"{name} cannot build and push on this machine")


def costs_of(change: Change, builders: Mapping[str, Builder], counter: Counter, scale: Scale) -> Costs:
    """Rounds of a cold and a warm build, each after a new change; fewer rounds when the time is over.

    Every other round begins with the last tool.
    """
    costs: dict[tuple[str, bool], list[Cost]] = {(name, cold): [] for name in builders for cold in (True, False)}
    started = time.monotonic()
    for number in range(scale.image_rounds):
        if number and time.monotonic() - started > scale.image_seconds:
            break
        for cold in (True, False):
            change.make(2 * number + (1 if cold else 2))
            for name in list(builders)[:: -1 if number % 2 else 1]:
                if name != FROM_CACHE or (cold and number == 0):
                    costs[name, cold].append(cost_of(builders[name], counter, cold=cold))
    return costs


def cost_of(builder: Builder, counter: Counter, *, cold: bool) -> Cost:
    """The cost of one build and push; pending writes of earlier ones are flushed first."""
    if cold:
        builder.forget()
    builder.prepare()
    os.sync()
    sent, started = counter.sent, time.perf_counter()
    read = builder.build()
    return Cost(time.perf_counter() - started, read, counter.sent - sent)


def rows(change: Change, costs: Costs, peers: Sequence[str]) -> Iterator[Row]:
    """The targets: only the changed layer's bytes, a tenth of a peer's cold time, at most its warm time."""
    yield from (bytes_sent(change, costs[KIT, cold], cold=cold) for cold in (True, False))
    into = f"{change.what} into the registry"
    for peer in peers:
        reasons = (WHY_NOT_COLD if change.layer > SMALL_BYTES else "", WHY_NOT_WARM if peer == "docker" else "")
        for cold, limit, note in ((True, COLD_SHARE, reasons[0]), (False, 1, reasons[1])):
            what = f"{into}, {word(cold)}, to {peer}, {word(cold)}"
            yield compared(what, costs[KIT, cold], costs[peer, cold], limit, note)
        yield compared(f"for comparison: {into}, cold, to {peer}, warm", costs[KIT, True], costs[peer, False])
    if from_cache := costs.get((FROM_CACHE, True)):
        yield compared(
            f"for comparison: {into}, cold, to {FROM_CACHE}, cold", costs[KIT, True][: len(from_cache)], from_cache
        )


def bytes_sent(change: Change, costs: Sequence[Cost], *, cold: bool) -> Row:
    """The row of the bytes that the kit sent, beside the changed layer."""
    sent, most = median(costs).sent, change.layer + SMALL_BYTES
    return Row(
        f"bytes sent for {change.what}, {word(cold)}",
        megabytes(sent),
        f"{megabytes(change.layer)} (the layer)",
        f"{sent / change.layer:.2f} times",
        f"at most the layer's and {megabytes(SMALL_BYTES)}",
        sent <= most,
    )


def word(cold: bool) -> str:
    """A state's name."""
    return "cold" if cold else "warm"


def compared(what: str, kit: Sequence[Cost], peer: Sequence[Cost], limit: float | None = None, note: str = "") -> Row:
    """A row of times and bytes with the median ratio of the pairs, and with `note` where the target is missed."""
    ratio = statistics.median(ours.seconds / theirs.seconds for ours, theirs in zip(kit, peer, strict=True))
    target, met = ("-", None) if limit is None else (f"at most {limit:g} times", ratio <= limit)
    why = note if met is False else ""
    return Row(what, median(kit).words(), median(peer).words(), f"{ratio:.2f} times", target, met, why)


def median(costs: Sequence[Cost]) -> Cost:
    """The median of each number."""
    return Cost(
        statistics.median(cost.seconds for cost in costs),
        int(statistics.median(cost.read for cost in costs)),
        int(statistics.median(cost.sent for cost in costs)),
    )


def megabytes(count: int) -> str:
    """Bytes with a fitting unit."""
    return f"{count / 1_000_000:.1f} MB" if count >= 100_000 else f"{count / 1000:.1f} kB"
