"""A real Docker engine for the tests: what they need of it, and what is left in it."""

from __future__ import annotations

import gc
import os
import subprocess
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from pipeline_kit.adapters.docker.connection import connect
from pipeline_kit.adapters.docker.engine import DockerEngine
from pipeline_kit.adapters.registry import HttpRegistries
from pipeline_kit.contract.serving import EngineBuild
from pipeline_kit.images.engine.build import NO_NETWORK
from tests.conftest import missing
from tests.images.building import BuildWorld
from tests.images.registry import Registry

BASE = "python:3.11-slim"


def ran(*command: str | Path) -> str:
    """What a command prints. Fails where it does not end well."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command[0]} says: {done.stderr}"
    return done.stdout


@cache
def absent() -> str:
    """Why there is no engine with the base image; empty where there is one."""
    if missing("docker"):
        return missing("docker")
    done = subprocess.run(["docker", "image", "inspect", BASE], capture_output=True, check=False)
    return "" if done.returncode == 0 else f"needs a Docker engine with {BASE}"


def require_engine() -> None:
    """Skips the test where there is no engine with the base image."""
    if absent():
        pytest.skip(absent())


def push_base(registry: Registry) -> str:
    """The base image in the registry; what it is called there."""
    name = f"{registry.host}/{BASE}"
    ran("docker", "tag", BASE, name)
    try:
        ran("docker", "push", "--quiet", name)
    finally:
        ran("docker", "image", "rm", name)
    return name


def forget_base(registry: Registry) -> None:
    """Takes away what the engine calls the images that it has pulled from the registry."""
    names = ran("docker", "images", "--digests", "--format", "{{.Repository}} {{.Digest}}")
    for name, digest in (line.split() for line in names.splitlines()):
        if name.startswith(f"{registry.host}/") and digest != "<none>":
            ran("docker", "image", "rm", f"{name}@{digest}")


class SeenEngine(DockerEngine):
    """The real engine; what it was asked to build is kept.

    No step of the tests needs a network, and an engine that runs in a container has no bridge to give them.
    """

    def __init__(self, log: Callable[[str], None]) -> None:
        super().__init__(dict(os.environ), log)
        self.builds: list[EngineBuild] = []

    def build(self, build: EngineBuild) -> str:
        """As the engine does, without a network."""
        self.builds.append(build)
        return super().build(replace(build, network=NO_NETWORK))


@dataclass
class EngineWorld(BuildWorld):
    """A world with the real engine, and a real registry."""

    host: str = ""
    lines: list[str] = field(default_factory=list)
    the_engine: SeenEngine | None = None

    def engine(self) -> SeenEngine:
        """The engine; its log is kept."""
        if self.the_engine is None:
            self.the_engine = SeenEngine(self.lines.append)
        return self.the_engine

    def registries(self) -> Any:
        """The client of the registry."""
        return HttpRegistries({}, [self.host], self.cache("blobs"), lambda line: None)


def containers(*names: str) -> list[str]:
    """Those of the containers that are there, running or not."""
    found = ran("docker", "ps", "--all", "--no-trunc", "--quiet").split()
    return [each for each in names if any(container.startswith(each) for container in found)]


def images(label: str) -> list[str]:
    """The images with that label, intermediate ones too."""
    return ran("docker", "images", "--all", "--quiet", "--filter", f"label={label}").split()


@contextmanager
def without_engine() -> Iterator[None]:
    """Asks where no engine is: Docker's client leaves the socket open that it could not connect."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
        gc.collect()


def client(variables: Mapping[str, str] | None = None) -> Any:
    """The engine's own client."""
    return connect(dict(os.environ) if variables is None else variables)
