"""A Docker engine that nothing else uses, for as long as a benchmark needs it, and a client that builds with it."""

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
"""The first version of the client that needs another program, buildx, to build with BuildKit, and does so unasked."""


@dataclass(frozen=True, slots=True)
class DockerClient:
    """A `docker` command, and whether it builds with BuildKit, as engines are used today."""

    path: str
    buildkit: bool

    @property
    def title(self) -> str:
        """How the page calls it."""
        return "docker" if self.buildkit else "docker (the builder before BuildKit)"


def docker_client() -> DockerClient | None:
    """The first client on the path that can build with BuildKit, else the first; none where no engine can start."""
    places = [Path(each) / "docker" for each in os.get_exec_path()]
    found = [str(each) for each in places if os.access(each, os.X_OK)]
    if not found or shutil.which("dockerd") is None or shutil.which("ip") is None:
        return None
    best = next((each for each in found if builds_with_buildkit(each)), None)
    return DockerClient(best or found[0], best is not None)


def builds_with_buildkit(docker: str) -> bool:
    """Whether this client has BuildKit's half that is the client's: built in, or in buildx beside it."""
    said = subprocess.run([docker, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"version (\d+)\.", said)
    if version and int(version[1]) < BUILDX_NEEDED:
        return True
    return subprocess.run([docker, "buildx", "version"], capture_output=True, check=False).returncode == 0


@dataclass(frozen=True)
class OwnEngine:
    """An engine: its process, and the variables by which the client finds it."""

    process: subprocess.Popen[bytes]
    variables: Mapping[str, str]

    def read_bytes(self) -> int:
        """What the engine has read so far, of files and of what clients sent it."""
        return read_bytes(self.process.pid)


@contextmanager
def own_engine(client: DockerClient) -> Iterator[OwnEngine]:
    """An engine without any image, network or cache: what a fresh CI agent has.

    The machine's own settings of engines do not count, so that it is the same everywhere.
    """
    with tempfile.TemporaryDirectory(prefix="engine-") as name:  # a short path: a socket's name is limited
        folder = Path(name)
        (folder / "settings").write_text("{}\n", encoding="utf-8")
        places = {"data-root": "data", "exec-root": "exec", "pidfile": "pid", "config-file": "settings"}
        options = [f"--{option}={folder / place}" for option, place in places.items()]
        options += [f"--host=unix://{folder}/socket", "--iptables=false", "--ip-masq=false", "--ip-forward=false"]
        options += [f"--containerd-namespace={folder.name}", f"--containerd-plugins-namespace={folder.name}-plugins"]
        variables = {"DOCKER_HOST": f"unix://{folder}/socket", "DOCKER_BUILDKIT": str(int(client.buildkit))}
        with own_bridge() as bridge, running(["dockerd", *options, f"--bridge={bridge}"], folder / "log") as process:
            until(lambda: answers(client, variables), process)
            yield OwnEngine(process, variables)


@contextmanager
def own_bridge() -> Iterator[str]:
    """A network bridge that this engine alone has: told to use none, it deletes docker0, which another may be using."""
    number = secrets.randbelow(256 * 256)
    name, address = f"bench{number}", f"198.18.{number // 256}.{number % 256 & 0xFC | 1}/30"  # RFC 2544: for benchmarks
    subprocess.run(["ip", "link", "add", name, "type", "bridge"], check=True)
    try:
        subprocess.run(["ip", "address", "add", address, "dev", name], check=True)
        yield name
    finally:
        subprocess.run(["ip", "link", "delete", name], check=True)


def answers(client: DockerClient, variables: Mapping[str, str]) -> bool:
    """Whether the engine takes requests."""
    environment = {**os.environ, **variables}
    return subprocess.run([client.path, "info"], env=environment, capture_output=True, check=False).returncode == 0


def read_bytes(process: int) -> int:
    """The bytes that a process and its children, ended ones too, have read (`rchar` of proc(5))."""
    folder = Path(f"/proc/{process}")
    try:
        own = int((folder / "io").read_text(encoding="utf-8").splitlines()[0].removeprefix("rchar: "))
        lists = [each.read_text(encoding="utf-8").split() for each in folder.glob("task/*/children")]
    except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile: it is counted in its parent
        return 0
    return own + sum(read_bytes(int(child)) for children in lists for child in children)
