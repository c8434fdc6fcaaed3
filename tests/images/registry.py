"""A real registry for the tests: Debian's docker-registry on a free port of the loopback interface."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

START_SECONDS = 30.0
CONFIG = """
version: 0.1
log: {{accesslog: {{disabled: true}}, level: error}}
storage: {{filesystem: {{rootdirectory: "{root}"}}, delete: {{enabled: true}}}}
http:
  addr: "127.0.0.1:{port}"
  secret: "of the tests only"
{more}
"""


@dataclass(frozen=True, slots=True)
class Registry:
    """A registry that runs: its host with the port, and where it keeps its files."""

    host: str
    storage: Path

    @property
    def port(self) -> int:
        """Its port."""
        return int(self.host.rpartition(":")[2])


def require_registry() -> None:
    """Skips the test where there is no docker-registry."""
    if shutil.which("docker-registry") is None:
        pytest.skip("docker-registry is not installed")


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry of this test process."""
    with running_registry(tmp_path_factory.mktemp("registry")) as found:
        yield found


@contextmanager
def running_registry(folder: Path, more: str = "") -> Iterator[Registry]:
    """A registry for as long as the block lasts; `more` is added to its `http` configuration."""
    require_registry()
    port = free_port()
    config, log = folder / "config.yml", folder / "log.txt"
    config.write_text(CONFIG.format(root=folder / "storage", port=port, more=more), encoding="utf-8")
    with log.open("wb") as file:
        process = subprocess.Popen(["docker-registry", "serve", str(config)], stdout=file, stderr=file)
    try:
        wait_until_it_listens(port, process, log)
        yield Registry(f"127.0.0.1:{port}", folder / "storage")
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_it_listens(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Returns when the port takes connections. Raises AssertionError where the process ends, or time does."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"docker-registry did not start: {log.read_text(errors='replace')}") from None
            time.sleep(0.02)
        else:
            return


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
