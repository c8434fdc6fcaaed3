"""A proxy before a real API server that fails: errors, resets, answers that are cut off, late or lost."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import urllib3
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass
class Faults:
    """Which requests fail, and how. `choose` is told method, path and the number of such a call so far, from 1.

    It returns `500`, `429`, `503`, `reset`, `lost` (done, but the answer never comes), `truncated`, `stall`, or
    nothing. `met` counts the faults that happened.
    """

    choose: Callable[[str, str, int], str | None] = lambda method, path, number: None
    met: int = 0
    numbers: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    stopped: threading.Event = field(default_factory=threading.Event)

    def of(self, method: str, path: str) -> str | None:
        """The fault of a request, counted."""
        with self.lock:
            kind = "write" if method in WRITES else "read"
            self.numbers[kind] = self.numbers.get(kind, 0) + 1
            found = self.choose(method, path, self.numbers[kind])
            self.met += found is not None
            return found


def nth_write(number: int, fault: str) -> Callable[[str, str, int], str | None]:
    """The fault at the n-th write alone, that of the lease's renewals apart."""
    seen = 0

    def choose(method: str, path: str, count: int) -> str | None:
        nonlocal seen
        if method not in WRITES or "/leases" in path:
            return None
        seen += 1
        return fault if seen == number else None

    return choose


def every(share: int, *faults: str) -> Callable[[str, str, int], str | None]:
    """One in so many requests fails, by turns."""
    total = 0

    def choose(method: str, path: str, count: int) -> str | None:
        nonlocal total
        total += 1
        return faults[total // share % len(faults)] if total % share == 0 else None

    return choose


@contextmanager
def faulty_server(kubeconfig: str, folder: Path, faults: Faults) -> Iterator[Path]:
    """A kubeconfig for the proxy, whose certificate is of an authority of the test's own."""
    document = yaml.safe_load(Path(kubeconfig).read_text(encoding="utf-8"))
    cluster = document["clusters"][0]["cluster"]
    upstream = urllib3.PoolManager(ca_certs=cluster["certificate-authority"], maxsize=8)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def forward(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length) if length else None
            fault = faults.of(self.command, self.path)
            if fault == "stall":
                faults.stopped.wait(30)
                self.close_connection = True
            elif fault == "reset":
                self.reset()
            elif fault and fault.isdecimal():
                self.reply(int(fault), {}, b'{"kind":"Status","apiVersion":"v1","message":"etcd leader changed"}')
            else:
                self.pass_on(body, fault)

        def pass_on(self, body: bytes | None, fault: str | None) -> None:
            headers = {
                name: value
                for name, value in self.headers.items()
                if name.lower() not in ("host", "connection", "content-length", "accept-encoding")
            }
            address = f"{cluster['server']}{self.path}"
            answer = upstream.request(self.command, address, body=body, headers=headers, retries=False)
            if fault == "lost":
                self.reset()
            elif fault == "truncated":
                self.reply(answer.status, {"Content-Length": str(len(answer.data) + 10)}, answer.data[:20])
                self.reset()
            else:
                kind = answer.headers.get("Content-Type", "application/json")
                self.reply(answer.status, {"Content-Type": kind}, answer.data)

        def reply(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def reset(self) -> None:
            self.close_connection = True
            self.wfile.flush()
            self.connection.close()

        def log_message(self, *arguments: object) -> None:
            """Logs nothing."""

    for method in ("GET", *WRITES):
        setattr(Handler, f"do_{method}", Handler.forward)
    with serving(Handler, folder, faults) as port:
        authority = str(folder / "proxy.crt")
        proxied = {"server": f"https://127.0.0.1:{port}", "certificate-authority": authority}
        document["clusters"][0]["cluster"] = proxied
        target = folder / "kubeconfig"
        target.write_text(yaml.safe_dump(document), encoding="utf-8")
        yield target
    upstream.clear()


class QuietServer(ThreadingHTTPServer):
    """A server whose clients may go whenever they like."""

    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, address: Any) -> None:
        """Says nothing: broken connections are what this server is for."""


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler], folder: Path, faults: Faults) -> Iterator[int]:
    """Serves over TLS on a free loopback port."""
    certificate, key = write_certificate(folder)
    server = QuietServer(("127.0.0.1", 0), handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        faults.stopped.set()
        server.shutdown()
        thread.join()
        server.server_close()


def write_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "faulty-server")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "proxy.crt", folder / "proxy.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, private
