"""A forwarder of bytes before a registry that speaks TLS, which loses the first connections."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def tunnel(port: int, lost: int) -> Iterator[tuple[str, list[int]]]:
    """Host and port, and the first byte of each connection."""
    firsts: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=accept, args=(server, port, lost, firsts), daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}", firsts
        server.shutdown(socket.SHUT_RDWR)


def accept(server: socket.socket, port: int, lost: int, firsts: list[int]) -> None:
    """Takes connections until the server is closed."""
    while True:
        try:
            client, _ = server.accept()
        except OSError:
            return
        first = client.recv(65536)
        firsts.extend(first[:1])
        if len(firsts) <= lost:
            client.close()
            continue
        upstream = socket.create_connection(("127.0.0.1", port))
        upstream.sendall(first)
        for source, sink in ((client, upstream), (upstream, client)):
            threading.Thread(target=forward, args=(source, sink), daemon=True).start()


def forward(source: socket.socket, sink: socket.socket) -> None:
    """Moves one direction of a connection, and closes both where it ends."""
    with contextlib.suppress(OSError), source, sink:
        while piece := source.recv(65536):
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_RDWR)
