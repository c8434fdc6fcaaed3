"""A registry for a benchmark that counts the bytes it receives."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

START_SECONDS = 60.0
CONFIG = """
version: 0.1
log: {{accesslog: {{disabled: true}}, level: error}}
storage: {{filesystem: {{rootdirectory: "{root}"}}, delete: {{enabled: true}}}}
http: {{addr: "127.0.0.1:{port}"}}
"""


@dataclass
class Counter:
    """A forwarder to a local port; `sent` counts the bytes from clients."""

    target: int
    port: int = 0
    sent: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def open(self, server: socket.socket) -> None:
        """Accepts connections until the socket is closed."""
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=self.connect, args=(client,), daemon=True).start()

    def connect(self, client: socket.socket) -> None:
        """Forwards one connection in both directions."""
        with client, socket.create_connection(("127.0.0.1", self.target)) as upstream:
            back = threading.Thread(target=self.forward, args=(upstream, client, False), daemon=True)
            back.start()
            self.forward(client, upstream, True)
            back.join()

    def forward(self, source: socket.socket, sink: socket.socket, counts: bool) -> None:
        """Forwards one direction of a connection."""
        with contextlib.suppress(OSError):
            while piece := source.recv(1 << 18):
                if counts:
                    with self.lock:
                        self.sent += len(piece)
                sink.sendall(piece)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


@contextmanager
def counted_registry(folder: Path) -> Iterator[Counter]:
    """Debian's docker-registry behind a counter, both on the loopback interface."""
    port = free_port()
    config = folder / "registry.yml"
    config.write_text(CONFIG.format(root=folder / "registry", port=port), encoding="utf-8")
    with running(["docker-registry", "serve", str(config)], folder / "registry.log") as process:
        until(lambda: listens(port), process)
        with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
            counter = Counter(port, server.getsockname()[1])
            threading.Thread(target=counter.open, args=(server,), daemon=True).start()
            yield counter


@contextmanager
def running(words: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a server while the block runs."""
    with log.open("wb") as file:
        process = subprocess.Popen(words, stdout=file, stderr=file, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=START_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def until(condition: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    """Waits for a condition. Raises RuntimeError where the server ends first, or is not ready after START_SECONDS."""
    deadline = time.monotonic() + START_SECONDS
    while not condition():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{process.args!r} did not start")
        time.sleep(0.05)


def listens(port: int) -> bool:
    """Whether a port accepts connections."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
