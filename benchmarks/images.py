"""What it costs to bring a changed line, and a changed model, into an image in a registry.

Beside `docker build` and `docker push`, and buildah: seconds, bytes that the tool has read, bytes that it has sent to
the registry. *Cold* is a fresh CI agent: an engine, a storage and a cache that hold nothing, while the registry has the
image of before. *Warm* is the agent that built that one.
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
ASKING = "docker --cache-from"
"""Docker as few set it up, with the image of before as a cache: for comparison, in the first round only, and cold:
warm it has no need to ask."""
COLD_SHARE = 0.1
WHY_NOT_COLD = (
    "sending and storing the changed layer's own bytes is a large part of this; besides, the kit reads them as input "
    "and output of its jobs, to verify the package, to write the layer and to verify it before it is sent"
)
WHY_NOT_WARM = (
    "BuildKit takes a file whose size and time are as before for unchanged, and reads none of it; the kit reads the "
    "whole package, to prove by digest what it ships, in two jobs that each start anew"
)
SMALL_BYTES = 200_000
"""Of manifests, requests and their headers."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one build and push took: wall time, bytes read by the tool, bytes sent to the registry."""

    seconds: float
    read: int
    sent: int

    def words(self) -> str:
        """For a cell of the table."""
        return f"{seconds(self.seconds)}, {megabytes(self.read)} read, {megabytes(self.sent)} sent"


Costs = Mapping[tuple[str, bool], Sequence[Cost]]
"""By the tool's name and whether it was cold; the n-th of each were measured one after the other."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is changed, the size of its layer, and how."""

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
        peers = [name for name in working if name not in (KIT, ASKING)]
        for peer in peers:
            yield compared(f"for comparison: the first image of all, to {peer}", [first[KIT]], [first[peer]])
        for change in changes_of(content, scale):
            yield from rows(change, costs_of(change, working, counter, scale), peers)


def builders_of(tools: Tools, content: Content, counter: Counter, folder: Path, stack: ExitStack) -> dict[str, Builder]:
    """The kit, and the peers that are here."""
    host = f"127.0.0.1:{counter.port}"
    (folder / "kit" / "project").mkdir(parents=True)
    make_project(folder / "kit" / "project", host)
    found: dict[str, Builder] = {KIT: Kit(tools, content, folder / "kit")}
    client = docker_client()
    if client is not None:
        found[client.title] = Docker(content, f"{host}/docker:latest", client, stack)
        if client.buildkit:
            found[ASKING] = Docker(content, f"{host}/docker-asking:latest", client, stack, asks=True)
    if on_path("buildah"):
        found["buildah"] = Buildah(content, f"{host}/buildah:latest", folder / "buildah")
    return found


def changes_of(content: Content, scale: Scale) -> tuple[Change, ...]:
    """A line and the weights."""
    weights = scale.model_megabytes
    return (
        Change("a line of code", 10_000, lambda number: change_code(content, number)),
        Change("the model", weights * 1_000_000, lambda _: change_model(content, weights)),
    )


def first_images(builders: Mapping[str, Builder], counter: Counter) -> dict[str, Cost]:
    """What the first image has cost, by tool; a peer that cannot build here has none.

    Raises RuntimeError where the kit cannot.
    """
    found = {}
    for name, builder in builders.items():
        try:
            found[name] = cost_of(builder, counter, cold=True)
        except RuntimeError as error:
            if name == KIT:
                raise
            print(f"{name} does not build here: {error}", file=sys.stderr)
    return found


def broken(name: str) -> Row:
    """The row of a peer that is here and does not work; why is printed, for it may name places of this machine."""
    return Row(WHAT, "not measured", f"{name} fails here", "-", "-", None, f"{name} cannot build and push here")


def costs_of(change: Change, builders: Mapping[str, Builder], counter: Counter, scale: Scale) -> Costs:
    """Rounds of a cold build, which leaves what makes the next one warm, and a warm one; each after a new change.

    As many as are wanted, fewer where the time is up. Every other round begins with the last tool.
    """
    found: dict[tuple[str, bool], list[Cost]] = {(name, cold): [] for name in builders for cold in (True, False)}
    started = time.monotonic()
    for number in range(scale.image_rounds):
        if number and time.monotonic() - started > scale.image_seconds:
            break
        for cold in (True, False):
            change.make(2 * number + (1 if cold else 2))
            for name in list(builders)[:: -1 if number % 2 else 1]:
                if name != ASKING or (cold and number == 0):
                    found[name, cold].append(cost_of(builders[name], counter, cold=cold))
    return found


def cost_of(builder: Builder, counter: Counter, *, cold: bool) -> Cost:
    """What a build and push of the content costs; what others have left to be written is written before."""
    if cold:
        builder.forget()
    builder.prepare()
    os.sync()
    sent, started = counter.sent, time.perf_counter()
    read = builder.build()
    return Cost(time.perf_counter() - started, read, counter.sent - sent)


def rows(change: Change, costs: Costs, peers: Sequence[str]) -> Iterator[Row]:
    """The targets: the changed layer's bytes, a tenth of a peer's cold time, no more than its warm time."""
    yield from (bytes_sent(change, costs[KIT, cold], cold=cold) for cold in (True, False))
    into = f"{change.what} into the registry"
    for peer in peers:
        reasons = (WHY_NOT_COLD if change.layer > SMALL_BYTES else "", WHY_NOT_WARM if peer == "docker" else "")
        for cold, limit, note in ((True, COLD_SHARE, reasons[0]), (False, 1, reasons[1])):
            what = f"{into}, {word(cold)}, to {peer}, {word(cold)}"
            yield compared(what, costs[KIT, cold], costs[peer, cold], limit, note)
        yield compared(f"for comparison: {into}, cold, to {peer}, warm", costs[KIT, True], costs[peer, False])
    if asking := costs.get((ASKING, True)):
        yield compared(f"for comparison: {into}, cold, to {ASKING}, cold", costs[KIT, True][: len(asking)], asking)


def bytes_sent(change: Change, costs: Sequence[Cost], *, cold: bool) -> Row:
    """The row of what the kit has sent, beside what has changed."""
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


def compared(what: str, own: Sequence[Cost], peer: Sequence[Cost], limit: float | None = None, note: str = "") -> Row:
    """A row of time, its ratio the median of the pairs'; the bytes stand beside it, `note` where it is missed."""
    ratio = statistics.median(ours.seconds / theirs.seconds for ours, theirs in zip(own, peer, strict=True))
    target, met = ("-", None) if limit is None else (f"at most {limit:g} times", ratio <= limit)
    why = note if met is False else ""
    return Row(what, median(own).words(), median(peer).words(), f"{ratio:.2f} times", target, met, why)


def median(costs: Sequence[Cost]) -> Cost:
    """The median of each figure."""
    return Cost(
        statistics.median(each.seconds for each in costs),
        int(statistics.median(each.read for each in costs)),
        int(statistics.median(each.sent for each in costs)),
    )


def megabytes(count: int) -> str:
    """Bytes in the unit that suits them."""
    return f"{count / 1_000_000:.1f} MB" if count >= 100_000 else f"{count / 1000:.1f} kB"
