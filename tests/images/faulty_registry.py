"""A proxy before a real registry that fails by a plan: lost connections, wrong answers, half answers, none at all."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ALWAYS = 1 << 30
TLS = b"\x16"
HTML = b"<html><body>Please log in to the guest network</body></html>"
HOP = frozenset({"connection", "content-length", "transfer-encoding"})


@dataclass(frozen=True)
class Fault:
    """What happens to the n-th request (and `times` in all) of a method whose path holds a pattern.

    `kind` is the name of a function of `Handler`; `value` is a status, a header or an address, as that one has it.
    """

    kind: str
    method: str = ""
    path: str = ""
    value: str = ""
    nth: int = 1
    times: int = 1

    def __str__(self) -> str:
        times = "always" if self.times == ALWAYS else f"x{self.times}"
        parts = (self.kind, self.value, self.method or "any", self.path, f"from {self.nth}", times)
        return " ".join(part for part in parts if part)


@dataclass
class Plan:
    """The faults to come, what was met of them, and what clients have sent."""

    faults: tuple[Fault, ...] = ()
    met: int = 0
    bytes_sent: int = 0  # bodies of blobs, as far as they came
    seen: list[tuple[str, str, str]] = field(default_factory=list)  # method, path, Authorization
    counts: dict[Fault, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    stopped: threading.Event = field(default_factory=threading.Event)
    watch: Callable[[str, str], None] = lambda method, path: None

    def of(self, method: str, path: str, login: str) -> Fault | None:
        """The fault of a request, counted."""
        with self.lock:
            self.seen.append((method, path, login))
            for each in self.faults:
                if each.method in ("", method) and re.search(each.path, path):
                    self.counts[each] = self.counts.get(each, 0) + 1
                    if each.nth <= self.counts[each] < each.nth + each.times:
                        self.met += 1
                        return each
        return None

    def count(self, method: str, pattern: str = "") -> int:
        """How many requests of that method had such a path."""
        return sum(each[0] == method and re.search(pattern, each[1]) is not None for each in self.seen)

    def add(self, number: int) -> None:
        """Some bytes of a blob came."""
        with self.lock:
            self.bytes_sent += number


class Handler(BaseHTTPRequestHandler):
    """Forwards a request, or lets its fault happen."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # a head and a body are two writes: the second would wait for the first's receipt
    plan: Plan
    upstream: int

    def handle_one_request(self) -> None:
        with contextlib.suppress(OSError):
            if self.rfile.peek(1)[:1] == TLS:
                self.close_connection = True
                return
        super().handle_one_request()

    def answer(self) -> None:
        self.plan.watch(self.command, self.path)
        fault = self.plan.of(self.command, self.path, self.headers.get("Authorization", ""))
        getattr(self, fault.kind)(fault.value) if fault else self.forward("")

    # Faults by their names.

    def status(self, value: str) -> None:
        """A status without the registry's knowledge, such as `429 Retry-After: 1`."""
        number, _, rest = value.partition(" ")
        name, _, content = rest.partition(": ")
        self.body()
        self.reply(int(number), [(name, content)] if name else [], b'{"errors":[{"code":"X","message":"no"}]}')

    def reset_before(self, value: str) -> None:
        self.reset()

    def reset_middle(self, value: str) -> None:
        """Half of the body reaches the registry."""
        length = int(self.headers.get("Content-Length") or 0)
        part = self.rfile.read(length // 2)
        self.plan.add(len(part) if self.command == "PATCH" else 0)
        with socket.create_connection(("127.0.0.1", self.upstream)) as connection:
            lines = [
                f"{self.command} {self.path} HTTP/1.1",
                *(f"{name}: {text}" for name, text in self.headers.items()),
            ]
            connection.sendall("\r\n".join([*lines, "", ""]).encode() + part)
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(2)
            with contextlib.suppress(OSError):
                connection.recv(1)
        self.reset()

    def reset_after(self, value: str) -> None:
        """Done, but the answer is lost."""
        self.ask()
        self.reset()

    def short(self, value: str) -> None:
        status, headers, content = self.ask()
        self.reply(status, headers, content[: len(content) // 2], length=max(len(content), 10))
        self.reset()

    def chunked_cut(self, value: str) -> None:
        status, headers, content = self.ask()
        part = content[: len(content) // 2] or b"{"
        self.head(status, [*headers, ("Transfer-Encoding", "chunked")])
        self.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
        self.reset()

    def stall(self, value: str) -> None:
        self.plan.stopped.wait(10)
        self.close_connection = True

    def stall_middle(self, value: str) -> None:
        status, headers, content = self.ask()
        self.reply(status, headers, content[: len(content) // 2], length=len(content) + 10)
        self.stall("")

    def header(self, value: str) -> None:
        """A header of the answer is another: `Name: text`."""
        self.forward(value)

    def redirect(self, value: str) -> None:
        """307 to an address, by default to itself."""
        self.body()
        self.reply(307, [("Location", value or self.path)], b"")

    def html(self, value: str) -> None:
        self.body()
        self.reply(int(value or 200), [("Content-Type", "text/html")], HTML)

    def text(self, value: str) -> None:
        self.body()
        self.reply(200, [("Content-Type", "application/json")], value.encode())

    def huge(self, value: str) -> None:
        """An answer without end."""
        self.body()
        self.head(int(value or 200), [("Transfer-Encoding", "chunked"), ("Content-Type", "application/json")])
        piece = b" " * 65536
        for _ in range(4096):
            self.wfile.write(b"10000\r\n" + piece + b"\r\n")
        self.reset()

    def echo(self, value: str) -> None:
        """Repeats the login, in letters that a terminal obeys."""
        words = f"\x1b[31myou\nsent {self.headers.get('Authorization')}"
        self.reply(403, [], json.dumps({"errors": [{"message": words}]}).encode())

    def swallow(self, value: str) -> None:
        """Says that it was done, and does nothing."""
        self.body()
        self.reply(int(value), [("Location", self.path)], b"")

    def garbage(self, value: str) -> None:
        self.body()
        self.wfile.write(b"\x00\x01 this is no HTTP\r\n\r\n")
        self.reset()

    # Their parts.

    def body(self) -> bytes:
        found = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.plan.add(len(found) if self.command == "PATCH" else 0)
        return found

    def ask(self) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.upstream, timeout=30)
        try:
            headers = {name: text for name, text in self.headers.items() if name.lower() != "connection"}
            connection.request(self.command, self.path, body=self.body(), headers=headers)
            found = connection.getresponse()
            kept = [(name, text) for name, text in found.getheaders() if name.lower() not in HOP]
            if self.command == "HEAD":
                kept.append(("Content-Length", found.headers.get("Content-Length", "0")))
            return found.status, kept, found.read()
        finally:
            connection.close()

    def forward(self, header: str) -> None:
        status, headers, content = self.ask()
        if header:
            name, _, text = header.partition(": ")
            headers = [each for each in headers if each[0].lower() != name.lower()] + ([(name, text)] if text else [])
        self.reply(status, headers, content)

    def reply(self, status: int, headers: list[tuple[str, str]], content: bytes, length: int | None = None) -> None:
        if not any(name == "Content-Length" for name, _ in headers):
            headers = [*headers, ("Content-Length", str(len(content) if length is None else length))]
        self.head(status, headers)
        if self.command != "HEAD":
            self.wfile.write(content)

    def head(self, status: int, headers: list[tuple[str, str]]) -> None:
        self.send_response_only(status)
        for name, text in headers:
            self.send_header(name, text)
        self.end_headers()

    def reset(self) -> None:
        """Ends the connection with RST."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.wfile.flush()
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.shutdown(socket.SHUT_RD)

    def log_message(self, *arguments: object) -> None:
        """Logs nothing."""


for method in ("GET", "HEAD", "PUT", "POST", "PATCH", "DELETE"):
    setattr(Handler, f"do_{method}", Handler.answer)


class QuietServer(ThreadingHTTPServer):
    """A server whose clients may go whenever they like."""

    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, address: Any) -> None:
        """Says nothing: broken connections are what this server is for."""

    def shutdown_request(self, request: Any) -> None:
        """Ends the connection as its options say, without saying goodbye first."""
        self.close_request(request)


@contextmanager
def faulty_registry(upstream: int, plan: Plan, port: int = 0) -> Iterator[str]:
    """The host and port of a proxy before the registry at `upstream`, for as long as the block lasts."""
    made = type("PlannedHandler", (Handler,), {"plan": plan, "upstream": upstream})
    with served(made, port) as host:
        try:
            yield host
        finally:
            plan.stopped.set()


@contextmanager
def served(handler: type[BaseHTTPRequestHandler], port: int = 0) -> Iterator[str]:
    """The host and port where a handler answers; by default at a port that is free."""
    server = QuietServer(("127.0.0.1", port), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
