"""A separate Docker engine for a benchmark, and a client that builds with it."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.image_servers import running, until

BUILDX_NEEDED = 23
"""The first version of the client that builds with BuildKit by default, and needs the program buildx for it."""


@dataclass(frozen=True, slots=True)
class DockerClient:
    """A `docker` command, and whether it builds with BuildKit."""

    path: str
    buildkit: bool

    @property
    def title(self) -> str:
        """Its name on the page."""
        return "docker" if self.buildkit else "docker (the builder before BuildKit)"


def docker_client() -> DockerClient | None:
    """The first client on the path that can build with BuildKit, else the first; None where no engine can start."""
    paths = [Path(folder) / "docker" for folder in os.get_exec_path()]
    clients = [str(path) for path in paths if os.access(path, os.X_OK)]
    if not clients or shutil.which("dockerd") is None or shutil.which("ip") is None:
        return None
    best = next((client for client in clients if builds_with_buildkit(client)), None)
    return DockerClient(best or clients[0], best is not None)


def builds_with_buildkit(docker: str) -> bool:
    """Whether this client can use BuildKit: built in, or through buildx."""
    shown = subprocess.run([docker, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"version (\d+)\.", shown)
    if version and int(version[1]) < BUILDX_NEEDED:
        return True
    return subprocess.run([docker, "buildx", "version"], capture_output=True, check=False).returncode == 0


@dataclass(frozen=True)
class SeparateEngine:
    """A Docker engine: its process, and the variables by which the client finds it."""

    process: subprocess.Popen[bytes]
    variables: Mapping[str, str]

    def read_bytes(self) -> int:
        """The bytes that the engine has read so far, from files and from clients."""
        return read_bytes(self.process.pid)


@contextmanager
def separate_engine(client: DockerClient) -> Iterator[SeparateEngine]:
    """An engine without images, networks or caches, as on a fresh CI agent.

    It ignores the machine's settings of Docker, to be the same everywhere.
    """
    with tempfile.TemporaryDirectory(prefix="engine-") as name:  # a short path: a socket's name is limited
        folder = Path(name)
        (folder / "settings").write_text("{}\n", encoding="utf-8")
        paths = {"data-root": "data", "exec-root": "exec", "pidfile": "pid", "config-file": "settings"}
        options = [f"--{option}={folder / path}" for option, path in paths.items()]
        options += [f"--host=unix://{folder}/socket", "--iptables=false", "--ip-masq=false", "--ip-forward=false"]
        options += [f"--containerd-namespace={folder.name}", f"--containerd-plugins-namespace={folder.name}-plugins"]
        variables = {"DOCKER_HOST": f"unix://{folder}/socket", "DOCKER_BUILDKIT": str(int(client.buildkit))}
        with (
            separate_bridge() as bridge,
            running(["dockerd", *options, f"--bridge={bridge}"], folder / "log") as process,
        ):
            until(lambda: answers(client, variables), process)
            yield SeparateEngine(process, variables)


@contextmanager
def separate_bridge() -> Iterator[str]:
    """A network bridge for this engine alone. With `--bridge=none` it would delete docker0, which another may use."""
    number = secrets.randbelow(256 * 256)
    name, address = f"bench{number}", f"198.18.{number // 256}.{number % 256 & 0xFC | 1}/30"  # RFC 2544: for benchmarks
    subprocess.run(["ip", "link", "add", name, "type", "bridge"], check=True)
    try:
        subprocess.run(["ip", "address", "add", address, "dev", name], check=True)
        yield name
    finally:
        subprocess.run(["ip", "link", "delete", name], check=True)


def answers(client: DockerClient, variables: Mapping[str, str]) -> bool:
    """Whether the engine answers."""
    environment = {**os.environ, **variables}
    return subprocess.run([client.path, "info"], env=environment, capture_output=True, check=False).returncode == 0


def read_bytes(process: int) -> int:
    """The bytes that a process and its children, ended ones included, have read (`rchar` of proc(5))."""
    folder = Path(f"/proc/{process}")
    try:
        total = int((folder / "io").read_text(encoding="utf-8").splitlines()[0].removeprefix("rchar: "))
        lists = [path.read_text(encoding="utf-8").split() for path in folder.glob("task/*/children")]
    except (FileNotFoundError, ProcessLookupError):  # ended meanwhile: counted in its parent
        return 0
    return total + sum(read_bytes(int(child)) for children in lists for child in children)
