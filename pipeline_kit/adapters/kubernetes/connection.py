"""The connection to a Kubernetes API server: which one, over verified TLS, with passing failures retried."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from pipeline_kit.adapters.http import RETRIED, Timeouts, retry_after
from pipeline_kit.errors import InfrastructureError, KitError, ProjectError, UsageError
from pipeline_kit.retry import Retry

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")
RETRY = Retry(first_seconds=0.2, longest_seconds=10.0, tries=7, total_seconds=60.0, jitter=0.3)
TIMEOUTS = Timeouts(connect_seconds=5.0, read_seconds=20.0)
NO_PATCH = b"failed to create typed patch object"
LONGEST_QUOTE = 400  # characters of a server's message that an error repeats


@dataclass(frozen=True, slots=True)
class Request:
    """One request to the API server; the path begins with a slash."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    content_type: str = "application/json"
    read_seconds: float | None = None
    """A shorter limit for its answer than the connection's own."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the API server, whatever its status; `tries` counts the requests that it took."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    tries: int = 1


class Connection:
    """One API server with its credentials. The library `kubernetes` reads the kubeconfig and pools the sockets."""

    def __init__(
        self,
        kubeconfig: Path | None,
        context: str | None,
        variables: Mapping[str, str],
        insecure: Sequence[str],
        *,
        retry: Retry,
        timeouts: Timeouts,
    ) -> None:
        self._retry = retry
        self._timeouts = timeouts
        self._configuration, self.name = read_configuration(kubeconfig, context, variables)
        refuse_unverified(self._configuration, insecure)
        client = library("kubernetes.client").ApiClient(self._configuration)
        self._pool: Any = client.rest_client.pool_manager

    def send(self, request: Request, *, retried: frozenset[int] = RETRIED) -> Reply:
        """The server's answer; retried while no answer comes, or one with a status of `retried`.

        Raises InfrastructureError where the last try fails too.
        """
        tries = 0
        reply: Reply | str = ""
        for attempt in self._retry.attempts():
            tries, reply = attempt.number, self.once(request, attempt.number)
            if isinstance(reply, Reply):
                if reply.status not in retried or is_final(reply):
                    return reply
                attempt.retry_after_seconds = retry_after(reply.headers)
        raise self._failed(request, reply, tries)

    def once(self, request: Request, number: int = 1) -> Reply | str:
        """The answer of one request whatever its status, or the connection's failure as text."""
        from urllib3.exceptions import HTTPError
        from urllib3.util import Timeout

        read = min(self._timeouts.read_seconds, request.read_seconds or self._timeouts.read_seconds)
        timeout = Timeout(connect=self._timeouts.connect_seconds, read=read)
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
        """The headers of a request; the library renews credentials that expire."""
        headers = {
            "Accept": "application/json, */*",
            "User-Agent": "pipeline-kit",
            "Content-Type": request.content_type,
        }
        for credential in self._configuration.auth_settings().values():
            if credential["in"] == "header" and credential["value"]:
                headers[credential["key"]] = credential["value"]
        return headers

    def _failed(self, request: Request, reply: Reply | str, tries: int) -> InfrastructureError:
        reason = reply if isinstance(reply, str) else f"{reply.status} {server_message(reply.body)}"
        message = f"cluster {self.name}: {request.method} {request.path} failed {tries} times, the last with {reason}"
        return InfrastructureError(message, hint="run it again when the API server answers")


def read_configuration(kubeconfig: Path | None, context: str | None, variables: Mapping[str, str]) -> tuple[Any, str]:
    """The library's configuration for a cluster, and the cluster's name.

    Raises UsageError where the library is missing, no cluster is configured, or the kubeconfig cannot be used.
    """
    client, config = library("kubernetes.client"), library("kubernetes.config")
    configuration = client.Configuration()
    named = str(kubeconfig) if kubeconfig else variables.get("KUBECONFIG")
    with library_errors() as errors:
        try:
            if named:
                config.load_kube_config(named, context, configuration, persist_config=False)
            elif SERVICE_ACCOUNT.is_file():
                config.load_incluster_config(configuration)
            else:
                hint = "set KUBECONFIG to a kubeconfig file, or give the environment a secret of type file"
                raise UsageError("no cluster is configured", hint=hint)
        except KitError:
            raise
        except config.ConfigException as error:  # its message names keys of the file, and no values
            raise UsageError(f"{named or 'this pod'}: no usable kubeconfig: {str(error)[:LONGEST_QUOTE]}") from error
        except Exception as error:  # of PyYAML, or of a file of another shape: quotes the file
            kind = type(error).__name__
            raise UsageError(
                f"{named or 'this pod'}: no usable kubeconfig ({kind})", hint="check that it is a kubeconfig in YAML"
            ) from None
    if errors:
        hint = "the user's `exec` command must exit 0 and print a credential; try it with kubectl"
        raise UsageError(f"{named or 'this pod'}: the kubeconfig yields no credential", hint=hint)
    return configuration, context or urlsplit(configuration.host).netloc.rpartition("@")[2]


@contextmanager
def library_errors() -> Iterator[list[logging.LogRecord]]:
    """The errors that the library logs, kept off the screen.

    Logging one is all it does when a kubeconfig's command prints no token.
    """
    records: list[logging.LogRecord] = []

    class Recorder(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record)

    root, handler = logging.getLogger(), Recorder(logging.ERROR)
    root.addHandler(handler)
    try:
        yield records
    finally:
        root.removeHandler(handler)


def is_final(reply: Reply) -> bool:
    """Whether a 500 is the manifest's fault: Kubernetes 1.20 answers so where an entry of a list lacks its key."""
    return reply.status == 500 and NO_PATCH in reply.body


def library(module: str) -> Any:
    """A module of the library. Raises UsageError where it is not installed."""
    try:
        return import_module(module)
    except ImportError as error:
        hint = 'pip install "pipeline-kit[kubernetes]"'
        raise UsageError("the Python package kubernetes is not installed; a cluster needs it", hint=hint) from error


def refuse_unverified(configuration: Any, insecure: Sequence[str]) -> None:
    """Raises UsageError for a server without verified TLS that is not declared insecure."""
    address = urlsplit(configuration.host)
    host = address.netloc.rpartition("@")[2]
    if host != address.netloc:
        hint = "remove them from `server:`, and use a user with a token or a certificate"
        raise UsageError(f"the kubeconfig has a name and password in the address of {host}", hint=hint)
    if (address.scheme == "https" and configuration.verify_ssl) or host in insecure:
        return
    fault = "turns TLS verification off" if address.scheme == "https" else "uses plain HTTP"
    hint = f"set its certificate-authority, or list {host} under `insecure:` in the descriptor"
    raise UsageError(f"the kubeconfig {fault} for {host}", hint=hint)


def refuse_certificate(error: Exception, name: str) -> None:
    """Raises ProjectError where the kubeconfig does not trust the server's certificate: a retry cannot fix that."""
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text or "doesn't match" in text:
        hint = "set the kubeconfig's certificate-authority to the one that signed the API server's certificate"
        raise ProjectError(
            f"cluster {name}: the server's certificate is not trusted: {text[:LONGEST_QUOTE]}", hint=hint
        ) from error


def server_message(body: bytes) -> str:
    """The message of a Status object, or the first characters of any other body."""
    import json

    try:
        document = json.loads(body)
    except ValueError:
        document = None
    if isinstance(document, dict) and isinstance(document.get("message"), str):
        return str(document["message"])[:LONGEST_QUOTE]
    return body[:LONGEST_QUOTE].decode(errors="replace").strip()
