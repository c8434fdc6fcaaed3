"""What it costs to bring a changed line, and a changed model, into an image in a registry.

Beside `docker build` and `docker push`, and buildah: seconds, bytes that the tool has read, bytes that it has sent to
the registry. *Cold* is a fresh CI agent: an engine, a storage and a cache that hold nothing, while the registry has the
image of before. *Warm* is the agent that built that one.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from benchmarks.image_projects import Content, change_code, change_model, make_content, make_project, variables
from benchmarks.image_servers import Counter, OwnEngine, counted_registry, own_engine
from benchmarks.measure import finished
from benchmarks.results import Row, missing, seconds
from benchmarks.scale import Scale
from benchmarks.tools import Tools, on_path

IO = """
import subprocess, sys
for words in " ".join(sys.argv[1:]).split(" AND "):
    if code := subprocess.call(words.split(" "), stdout=subprocess.DEVNULL):
        sys.exit(code)
print(open("/proc/self/io").readline())
"""
"""Runs commands and prints what they have read: the kernel adds it up in the process that waits for them."""
COLD_SHARE = 0.1
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


class Builder(Protocol):
    """A tool that builds and pushes what the content is now."""

    def forget(self) -> None:
        """Makes this a fresh agent."""

    def prepare(self) -> None:
        """Does what is not measured: before each build."""

    def build(self) -> int:
        """Builds and pushes; the bytes that it has read."""


@dataclass
class Kit:
    """The jobs `image` and `push` of a project, as a CI server runs them."""

    tools: Tools
    content: Content
    folder: Path

    def forget(self) -> None:
        """Neither caches nor results of earlier jobs."""
        shutil.rmtree(self.folder / "cache", ignore_errors=True)
        for name in ("out", "cache", "work"):
            shutil.rmtree(self.folder / "project" / ".pipeline-kit" / name, ignore_errors=True)

    def prepare(self) -> None:
        """The package is what earlier jobs leave."""
        finished([self.tools.pipeline_kit, "job", "package"], self.folder / "project", self.variables())

    def build(self) -> int:
        """Two jobs, each a process of its own."""
        kit = str(self.tools.pipeline_kit)
        words = [kit, "job", "package_image", "AND", kit, "job", "push"]
        return counted(words, self.folder / "project", self.variables())

    def variables(self) -> Mapping[str, str]:
        """What the jobs find their package and wheel by."""
        return variables(self.content, self.folder / "cache")


@dataclass
class Docker:
    """`docker build` and `docker push`, with an engine of their own."""

    content: Content
    image: str
    stack: ExitStack
    engine: OwnEngine | None = None
    opened: ExitStack = field(default_factory=ExitStack)

    def forget(self) -> None:
        """A new engine."""
        self.opened.close()
        self.opened = self.stack.enter_context(ExitStack())
        self.engine = self.opened.enter_context(own_engine())

    def prepare(self) -> None:
        """Nothing."""

    def build(self) -> int:
        """The client sends the context, the engine does the rest."""
        assert self.engine is not None
        before = self.engine.read_bytes()
        words = [
            "docker",
            "build",
            "-q",
            "-t",
            self.image,
            str(self.content.context),
            "AND",
            "docker",
            "push",
            self.image,
        ]
        client = counted(words, self.content.folder, self.engine.variables)
        return client + self.engine.read_bytes() - before


@dataclass
class Buildah:
    """`buildah build` and `buildah push`, with a storage of their own."""

    content: Content
    image: str
    storage: Path

    def forget(self) -> None:
        """An empty storage."""
        if self.storage.exists():
            finished([*self.words(), "rmi", "--all", "--force"], self.content.folder, {})
        shutil.rmtree(self.storage, ignore_errors=True)
        self.storage.mkdir()

    def prepare(self) -> None:
        """Nothing."""

    def build(self) -> int:
        """One process each; layers are kept."""
        build = [*self.words(), "build", "--layers", "-q", "-t", self.image, str(self.content.context)]
        push = [*self.words(), "push", "-q", "--tls-verify=false", self.image]
        return counted([*build, "AND", *push], self.content.folder, {})

    def words(self) -> list[str]:
        """The command and where it keeps what."""
        return ["buildah", f"--root={self.storage / 'root'}", f"--runroot={self.storage / 'run'}"]


def measure(tools: Tools, scale: Scale, folder: Path) -> Iterator[Row]:
    """A changed line of code and a changed model, cold and warm, by each tool in turn."""
    if on_path("docker-registry") is None:
        yield missing("an image with one changed layer, built and pushed", "-", "docker-registry")
        return
    content = make_content(folder / "content", scale.dependency_megabytes, scale.model_megabytes)
    changes: Mapping[str, tuple[int, Callable[[int], None]]] = {
        "a line of code": (10_000, lambda number: change_code(content, number)),
        "the model": (scale.model_megabytes * 1_000_000, lambda _: change_model(content, scale.model_megabytes)),
    }
    with ExitStack() as stack:
        counter = stack.enter_context(counted_registry(folder))
        builders = builders_of(tools, content, counter, folder, stack)
        for builder in builders.values():
            cost_of(builder, counter, cold=True)
        for what, (layer, change) in changes.items():
            costs: dict[tuple[str, bool], list[Cost]] = {}
            for number in range(2 * scale.image_rounds):  # a cold build leaves what makes the next one warm
                cold = number % 2 == 0
                change(number + 1)
                for name, builder in builders.items():
                    costs.setdefault((name, cold), []).append(cost_of(builder, counter, cold=cold))
            middle = {key: median(each) for key, each in costs.items()}
            yield from rows(what, layer, middle, [name for name in builders if name != "kit"])


def builders_of(tools: Tools, content: Content, counter: Counter, folder: Path, stack: ExitStack) -> dict[str, Builder]:
    """The kit, and the peers that are here."""
    host = f"127.0.0.1:{counter.port}"
    (folder / "kit" / "project").mkdir(parents=True)
    make_project(folder / "kit" / "project", host)
    found: dict[str, Builder] = {"kit": Kit(tools, content, folder / "kit")}
    if on_path("dockerd") and on_path("docker"):
        found["docker"] = Docker(content, f"{host}/docker:latest", stack)
    if on_path("buildah"):
        found["buildah"] = Buildah(content, f"{host}/buildah:latest", folder / "buildah")
    return found


def cost_of(builder: Builder, counter: Counter, *, cold: bool) -> Cost:
    """What a build and push of the content costs."""
    if cold:
        builder.forget()
    builder.prepare()
    sent, started = counter.sent, time.perf_counter()
    read = builder.build()
    return Cost(time.perf_counter() - started, read, counter.sent - sent)


def counted(words: Sequence[str], cwd: Path, more: Mapping[str, str]) -> int:
    """The bytes that commands (with AND between) have read. Raises RuntimeError where one fails."""
    environment = {**os.environ, **more}
    done = subprocess.run(
        [sys.executable, "-c", IO, *words], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{words[0]} ended with {done.returncode}: {done.stderr[-800:]}")
    return int(done.stdout.removeprefix("rchar: "))


def median(costs: Sequence[Cost]) -> Cost:
    """The median of each figure."""
    return Cost(
        statistics.median(each.seconds for each in costs),
        int(statistics.median(each.read for each in costs)),
        int(statistics.median(each.sent for each in costs)),
    )


def rows(what: str, layer: int, costs: Mapping[tuple[str, bool], Cost], peers: Sequence[str]) -> Iterator[Row]:
    """The targets: the changed layer's bytes, a tenth of a peer's cold time, no more than its warm time."""
    cold, warm = costs["kit", True], costs["kit", False]
    for state, own in (("cold", cold), ("warm", warm)):
        most = layer + SMALL_BYTES
        yield Row(
            f"bytes sent for {what}, {state}", megabytes(own.sent), f"{megabytes(layer)} (the layer)",
            f"{own.sent / layer:.2f} times", f"at most the layer's and {megabytes(SMALL_BYTES)}", own.sent <= most,
        )  # fmt: skip
    for peer in peers:
        yield target(f"{what} into the registry, cold, to {peer}, cold", cold, costs[peer, True], COLD_SHARE)
        yield target(f"{what} into the registry, cold, to {peer}, warm", cold, costs[peer, False], 1)
        yield target(f"{what} into the registry, warm, to {peer}, warm", warm, costs[peer, False], 1)


def target(what: str, own: Cost, peer: Cost, limit: float) -> Row:
    """A row of time; the bytes stand beside it."""
    ratio = own.seconds / peer.seconds
    return Row(what, own.words(), peer.words(), f"{ratio:.2f} times", f"at most {limit:g} times", ratio <= limit)


def megabytes(count: int) -> str:
    """Bytes in the unit that suits them."""
    return f"{count / 1_000_000:.1f} MB" if count >= 100_000 else f"{count / 1000:.1f} kB"
