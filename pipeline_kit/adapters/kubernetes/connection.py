"""The connection to a Kubernetes API server: which one, by verified TLS, and asked again where it fails for a while."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from pipeline_kit.errors import InfrastructureError, KitError, ProjectError, UsageError

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")
PASSING = frozenset({408, 429, 500, 502, 503, 504})
"""Answers of an API server, or of what stands before it, that another try may mend."""
NO_PATCH = b"failed to create typed patch object"
WIDE = 400  # characters of a server's words that an error repeats


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a server that fails is asked again, and how long one answer may take, in seconds."""

    tries: int = 7
    first_wait_seconds: float = 0.2
    longest_wait_seconds: float = 5.0
    connect_seconds: float = 5.0
    read_seconds: float = 20.0
    total_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Request:
    """One request to the API server; the path begins with a slash."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    content_type: str = "application/json"
    read_seconds: float | None = None
    """How long its answer may take at most, where that is less than patience allows."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the API server answered, whatever its status; `tries` is how often it was asked."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    tries: int = 1


class Connection:
    """One API server with its credentials. The library `kubernetes` reads the kubeconfig and holds the sockets."""

    def __init__(
        self,
        kubeconfig: Path | None,
        context: str | None,
        variables: Mapping[str, str],
        insecure: Sequence[str],
        patience: Patience,
    ) -> None:
        self._patience = patience
        self._configuration, self.name = read_configuration(kubeconfig, context, variables)
        refuse_unverified(self._configuration, insecure)
        client = library("kubernetes.client").ApiClient(self._configuration)
        self._pool: Any = client.rest_client.pool_manager

    def send(self, request: Request, *, again: frozenset[int] = PASSING) -> Reply:
        """The server's answer, asked again while it has a status of `again` or none comes.

        Raises InfrastructureError where patience ends.
        """
        start, wait = time.monotonic(), self._patience.first_wait_seconds
        for number in range(1, self._patience.tries + 1):
            found = self.once(request, number)
            if isinstance(found, Reply) and (found.status not in again or is_final(found)):
                return found
            pause = max(wait * random.uniform(0.7, 1.3), asked_pause(found))
            spent = time.monotonic() - start + pause
            if number == self._patience.tries or spent > self._patience.total_seconds:
                raise self._out_of_patience(request, found, number)
            time.sleep(pause)
            wait = min(2 * wait, self._patience.longest_wait_seconds)
        raise AssertionError("no try was made")

    def once(self, request: Request, number: int = 1) -> Reply | str:
        """The answer, whatever it is, or what kept it from coming."""
        from urllib3.exceptions import HTTPError
        from urllib3.util import Timeout

        read = min(self._patience.read_seconds, request.read_seconds or self._patience.read_seconds)
        timeout = Timeout(connect=self._patience.connect_seconds, read=read)
        url = f"{self._configuration.host}{request.path}"
        if request.query:
            url += f"?{urlencode(request.query)}"
        try:
            answer = self._pool.request(
                request.method,
                url,
                body=request.body,
                headers=self._headers(request),
                timeout=timeout,
                retries=False,
                redirect=False,
            )
        except (HTTPError, OSError) as error:
            refuse_certificate(error, self.name)
            return f"{type(error).__name__}: {error}"
        return Reply(answer.status, answer.data, dict(answer.headers), number)

    def _headers(self, request: Request) -> dict[str, str]:
        """Credentials, renewed by the library where they expire, and what the body is."""
        found = {"Accept": "application/json, */*", "User-Agent": "pipeline-kit", "Content-Type": request.content_type}
        for each in self._configuration.auth_settings().values():
            if each["in"] == "header" and each["value"]:
                found[each["key"]] = each["value"]
        return found

    def _out_of_patience(self, request: Request, found: Reply | str, tries: int) -> InfrastructureError:
        words = found if isinstance(found, str) else f"{found.status} {server_words(found.body)}"
        message = f"cluster {self.name}: {request.method} {request.path} failed {tries} times, at last with {words}"
        return InfrastructureError(message, hint="run it again when the API server answers")


def read_configuration(kubeconfig: Path | None, context: str | None, variables: Mapping[str, str]) -> tuple[Any, str]:
    """The library's configuration for a cluster, and the cluster's name.

    Raises UsageError where the library is missing, no cluster is named, or the kubeconfig cannot be used.
    """
    client, config = library("kubernetes.client"), library("kubernetes.config")
    configuration = client.Configuration()
    named = str(kubeconfig) if kubeconfig else variables.get("KUBECONFIG")
    with library_errors() as said:
        try:
            if named:
                config.load_kube_config(named, context, configuration, persist_config=False)
            elif SERVICE_ACCOUNT.is_file():
                config.load_incluster_config(configuration)
            else:
                hint = "set KUBECONFIG to a kubeconfig file, or give the environment a secret of the type file"
                raise UsageError("no cluster is named", hint=hint)
        except KitError:
            raise
        except config.ConfigException as error:  # its words name places in the file, and no values
            raise UsageError(f"{named or 'this pod'}: no usable kubeconfig: {str(error)[:WIDE]}") from error
        except Exception as error:  # whatever PyYAML and a file of another shape raise, with a piece of the file in it
            what = type(error).__name__
            raise UsageError(f"{named or 'this pod'}: no usable kubeconfig ({what})", hint="is it YAML?") from None
    if said:
        hint = "the command of the user's `exec` must end well and print a credential; try it with kubectl"
        raise UsageError(f"{named or 'this pod'}: the kubeconfig gives no credential", hint=hint)
    return configuration, context or urlsplit(configuration.host).netloc.rpartition("@")[2]


@contextmanager
def library_errors() -> Iterator[list[logging.LogRecord]]:
    """What the library logs as errors, kept from the screen: that is all it does of a command that gives no token."""
    said: list[logging.LogRecord] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(record)

    root, handler = logging.getLogger(), Kept(logging.ERROR)
    root.addHandler(handler)
    try:
        yield said
    finally:
        root.removeHandler(handler)


def is_final(reply: Reply) -> bool:
    """Whether a server takes the manifest's fault for its own: Kubernetes 1.20 does, where a list's key is missing."""
    return reply.status == 500 and NO_PATCH in reply.body


def library(module: str) -> Any:
    """A module of the library. Raises UsageError where it is not installed."""
    try:
        return import_module(module)
    except ImportError as error:
        hint = 'pip install "pipeline-kit[kubernetes]"'
        raise UsageError("a cluster needs the library kubernetes, which is not installed", hint=hint) from error


def refuse_unverified(configuration: Any, insecure: Sequence[str]) -> None:
    """Raises UsageError where the server would be trusted without verified TLS and is not declared insecure."""
    place = urlsplit(configuration.host)
    host = place.netloc.rpartition("@")[2]
    if host != place.netloc:
        hint = "leave them out of `server:` and name a user with a token or a certificate"
        raise UsageError(f"the kubeconfig has a name and password in the address of {host}", hint=hint)
    if (place.scheme == "https" and configuration.verify_ssl) or host in insecure:
        return
    what = "turns the verification of TLS off" if place.scheme == "https" else "speaks without TLS"
    hint = f"give it the cluster's certificate-authority, or name {host} in `insecure:` of the descriptor"
    raise UsageError(f"the kubeconfig {what} for {host}", hint=hint)


def refuse_certificate(error: Exception, name: str) -> None:
    """Raises ProjectError where the server's certificate is not what the kubeconfig trusts: no retry mends that."""
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text or "doesn't match" in text:
        hint = "the kubeconfig's certificate-authority must be the one that signed the API server's certificate"
        raise ProjectError(f"cluster {name}: its certificate is not trusted: {text[:WIDE]}", hint=hint) from error


def asked_pause(found: Reply | str) -> float:
    """The seconds that the server asks to wait, bounded; 0 where it does not say."""
    if isinstance(found, str):
        return 0.0
    told = next((value for name, value in found.headers.items() if name.lower() == "retry-after"), "")
    return min(float(told), 10.0) if told.isdecimal() else 0.0


def server_words(body: bytes) -> str:
    """The message of a Status object, or the beginning of whatever came."""
    import json

    try:
        document = json.loads(body)
    except ValueError:
        document = None
    if isinstance(document, dict) and isinstance(document.get("message"), str):
        return str(document["message"])[:WIDE]
    return body[:WIDE].decode(errors="replace").strip()
