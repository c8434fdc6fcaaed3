"""The tools that build and push an image, on a fresh agent and on the one of the build before."""

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

from benchmarks.image_engine import DockerClient, SeparateEngine, separate_engine
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
"""Runs commands and prints the bytes that they read, which the kernel adds to the process that waits for them."""
BLOBS_KNOWN = "/var/lib/containers/cache"
"""Buildah's record, outside its storage, of which registry has which layer; for root its path is fixed."""


class Builder(Protocol):
    """A tool that builds and pushes the current content."""

    def forget(self) -> None:
        """Removes all state, as on a fresh agent."""

    def prepare(self) -> None:
        """Prepares a build; not measured."""

    def build(self) -> int:
        """Builds and pushes; returns the bytes that were read."""


@dataclass
class Kit:
    """The jobs `image` and `push` of a project, as a CI server runs them."""

    tools: Tools
    content: Content
    folder: Path

    def forget(self) -> None:
        """Removes caches and results of earlier jobs; the checkout stays."""
        shutil.rmtree(self.folder / "cache", ignore_errors=True)
        for path in (self.folder / "project" / ".pipeline-kit").iterdir():
            if path.name != "stages":
                shutil.rmtree(path)

    def prepare(self) -> None:
        """Makes the package, as earlier jobs would."""
        finished([self.tools.pipeline_kit, "job", "package"], self.folder / "project", self.variables())

    def build(self) -> int:
        """Runs two jobs, each in its own process."""
        kit = str(self.tools.pipeline_kit)
        jobs = [[kit, "job", name] for name in ("package_image", "push")]
        return counted(jobs, self.folder / "project", self.variables())

    def variables(self) -> Mapping[str, str]:
        """The variables by which the jobs find package and wheel."""
        return variables(self.content, self.folder / "cache")


@dataclass
class Docker:
    """`docker build` and `docker push`, with a separate engine.

    `inline_cache` records the cache in the image, and builds from the pushed image's cache.
    """

    content: Content
    image: str
    client: DockerClient
    stack: ExitStack
    inline_cache: bool = False
    engine: SeparateEngine | None = None
    opened: ExitStack = field(default_factory=ExitStack)

    def forget(self) -> None:
        """Starts a new engine."""
        self.opened.close()
        self.opened = self.stack.enter_context(ExitStack())
        self.engine = self.opened.enter_context(separate_engine(self.client))

    def prepare(self) -> None:
        """Nothing."""

    def build(self) -> int:
        """Builds and pushes; counts the reads of client and engine."""
        assert self.engine is not None
        before = self.engine.read_bytes()
        cache = ["--build-arg", "BUILDKIT_INLINE_CACHE=1", "--cache-from", self.image] if self.inline_cache else []
        build = [self.client.path, "build", "-q", *cache, "-t", self.image, str(self.content.context)]
        push = [self.client.path, "push", self.image]
        client = counted([build, push], self.content.folder, self.engine.variables)
        return client + self.engine.read_bytes() - before


@dataclass
class Buildah:
    """`buildah build` and `buildah push`, with a separate storage."""

    content: Content
    image: str
    storage: Path

    def forget(self) -> None:
        """Empties the storage and the record of registries."""
        if self.storage.exists():
            finished([*self.words(), "rmi", "--all", "--force"], self.content.folder, self.variables())
        shutil.rmtree(self.storage, ignore_errors=True)
        (self.storage / "known").mkdir(parents=True)

    def prepare(self) -> None:
        """Nothing."""

    def build(self) -> int:
        """Builds with a layer cache, then pushes."""
        build = [*self.words(), "build", "--layers", "-q", "-t", self.image, str(self.content.context)]
        push = [*self.words(), "push", "-q", "--tls-verify=false", self.image]
        return counted([build, push], self.content.folder, self.variables())

    def words(self) -> list[str]:
        """The command with its storage."""
        storage = [f"--root={self.storage / 'root'}", f"--runroot={self.storage / 'run'}"]
        return [*mounted_at(self.storage / "known", BLOBS_KNOWN), "buildah", *storage]

    def variables(self) -> Mapping[str, str]:
        """Moves the record of registries, unless it runs as root."""
        return {"XDG_DATA_HOME": str(self.storage / "known")}


def mounted_at(folder: Path, target: str) -> list[str]:
    """The words before a command that mount a folder at another path for that command alone; for root only."""
    if os.geteuid() or not shutil.which("unshare"):
        return []
    script = f'mkdir -p {target} && mount --bind "$0" {target} && exec "$@"'
    return ["unshare", "--mount", "sh", "-c", script, str(folder)]


def counted(commands: Sequence[Sequence[str]], cwd: Path, more: Mapping[str, str]) -> int:
    """Runs commands one after the other; the bytes that they read. Raises RuntimeError where one fails."""
    environment = {**os.environ, **more}
    words = [sys.executable, "-c", IO, json.dumps(commands)]
    done = subprocess.run(words, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{Path(commands[0][0]).name} ended with {done.returncode}: {done.stderr[-800:]}")
    return int(done.stdout.removeprefix("rchar: "))
