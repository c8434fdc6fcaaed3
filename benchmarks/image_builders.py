"""The tools that bring a content into a registry, each as a fresh agent would find it and as the one before left it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from benchmarks.image_engine import DockerClient, OwnEngine, own_engine
from benchmarks.image_projects import Content, variables
from benchmarks.measure import finished
from benchmarks.tools import Tools

IO = """
import json, subprocess, sys
for words in json.loads(sys.argv[1]):
    if code := subprocess.call(words, stdout=subprocess.DEVNULL):
        sys.exit(code)
print(open("/proc/self/io").readline())
"""
"""Runs commands and prints what they have read: the kernel adds it up in the process that waits for them."""
BLOBS_KNOWN = "/var/lib/containers/cache"
"""Where buildah remembers, outside of its storage, which registry has which layer; nothing moves it for root."""


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
        """Neither caches nor results of earlier jobs: what a checkout has is left."""
        shutil.rmtree(self.folder / "cache", ignore_errors=True)
        for each in (self.folder / "project" / ".pipeline-kit").iterdir():
            if each.name != "stages":
                shutil.rmtree(each)

    def prepare(self) -> None:
        """The package is what earlier jobs leave."""
        finished([self.tools.pipeline_kit, "job", "package"], self.folder / "project", self.variables())

    def build(self) -> int:
        """Two jobs, each a process of its own."""
        kit = str(self.tools.pipeline_kit)
        jobs = [[kit, "job", name] for name in ("package_image", "push")]
        return counted(jobs, self.folder / "project", self.variables())

    def variables(self) -> Mapping[str, str]:
        """What the jobs find their package and wheel by."""
        return variables(self.content, self.folder / "cache")


@dataclass
class Docker:
    """`docker build` and `docker push`, with an engine of their own.

    `asks` is for the image that also tells the next agent what it is made of, and so takes it over where it can.
    """

    content: Content
    image: str
    client: DockerClient
    stack: ExitStack
    asks: bool = False
    engine: OwnEngine | None = None
    opened: ExitStack = field(default_factory=ExitStack)

    def forget(self) -> None:
        """A new engine."""
        self.opened.close()
        self.opened = self.stack.enter_context(ExitStack())
        self.engine = self.opened.enter_context(own_engine(self.client))

    def prepare(self) -> None:
        """Nothing."""

    def build(self) -> int:
        """The client sends the context, the engine does the rest."""
        assert self.engine is not None
        before = self.engine.read_bytes()
        asked = ["--build-arg", "BUILDKIT_INLINE_CACHE=1", "--cache-from", self.image] if self.asks else []
        build = [self.client.path, "build", "-q", *asked, "-t", self.image, str(self.content.context)]
        push = [self.client.path, "push", self.image]
        client = counted([build, push], self.content.folder, self.engine.variables)
        return client + self.engine.read_bytes() - before


@dataclass
class Buildah:
    """`buildah build` and `buildah push`, with a storage of their own."""

    content: Content
    image: str
    storage: Path

    def forget(self) -> None:
        """An empty storage, and nothing known of any registry."""
        if self.storage.exists():
            finished([*self.words(), "rmi", "--all", "--force"], self.content.folder, self.variables())
        shutil.rmtree(self.storage, ignore_errors=True)
        (self.storage / "known").mkdir(parents=True)

    def prepare(self) -> None:
        """Nothing."""

    def build(self) -> int:
        """One process each; layers are kept."""
        build = [*self.words(), "build", "--layers", "-q", "-t", self.image, str(self.content.context)]
        push = [*self.words(), "push", "-q", "--tls-verify=false", self.image]
        return counted([build, push], self.content.folder, self.variables())

    def words(self) -> list[str]:
        """The command and where it keeps what."""
        storage = [f"--root={self.storage / 'root'}", f"--runroot={self.storage / 'run'}"]
        return [*seen_at(self.storage / "known", BLOBS_KNOWN), "buildah", *storage]

    def variables(self) -> Mapping[str, str]:
        """Where it remembers registries when it is not root's."""
        return {"XDG_DATA_HOME": str(self.storage / "known")}


def seen_at(folder: Path, place: str) -> list[str]:
    """Words before a command that let it, and nobody else, see a folder at another place; for root only."""
    if os.geteuid() or not shutil.which("unshare"):
        return []
    script = f'mkdir -p {place} && mount --bind "$0" {place} && exec "$@"'
    return ["unshare", "--mount", "sh", "-c", script, str(folder)]


def counted(commands: Sequence[Sequence[str]], cwd: Path, more: Mapping[str, str]) -> int:
    """The bytes that commands, one after the other, have read. Raises RuntimeError where one fails."""
    environment = {**os.environ, **more}
    words = [sys.executable, "-c", IO, json.dumps(commands)]
    done = subprocess.run(words, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{Path(commands[0][0]).name} ended with {done.returncode}: {done.stderr[-800:]}")
    return int(done.stdout.removeprefix("rchar: "))
