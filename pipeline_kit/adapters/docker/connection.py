"""The connection to a Docker engine: its address, its client, and errors for its failures."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from pipeline_kit.errors import InfrastructureError, UsageError

LOOPBACK = "127.0.0.1"
SETTINGS = ("DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH")
OLDEST_API = "1.24"
FIRST_SECONDS = 10.0
"""Time limit of the first answer, which a running engine gives at once."""
ANSWER_SECONDS = 600.0
"""Time limit of all other answers: `docker save` is silent until it has collected the image."""
DEFAULT_SOCKET = "the default socket"
HINT = "start it, or set DOCKER_HOST; the builder `layers` and `runs: process` need no engine"


def connect(variables: Mapping[str, str]) -> Any:
    """A client (`docker.APIClient`) of the engine at DOCKER_HOST or the default socket.

    It ignores proxy variables: they are for registries, and would break a local engine. Raises InfrastructureError
    where no engine answers.
    """
    import docker
    from docker.errors import DockerException
    from docker.utils import kwargs_from_env

    configured = {name: variables[name] for name in SETTINGS if variables.get(name)}
    try:
        settings = kwargs_from_env(configured) if configured else {}
        first = docker.APIClient(version=OLDEST_API, timeout=FIRST_SECONDS, **settings)
        with contextlib.closing(first):
            first.trust_env = False
            version = str(first.version(api_version=False)["ApiVersion"])
        client = docker.APIClient(version=version, timeout=ANSWER_SECONDS, **settings)
    except (DockerException, OSError, KeyError, ValueError) as error:
        address = variables.get("DOCKER_HOST") or DEFAULT_SOCKET
        raise InfrastructureError(f"no Docker engine answers at {address}: {reason_of(error)}", hint=HINT) from error
    client.trust_env = False
    return client


def engine_host(variables: Mapping[str, str]) -> str:
    """The host on which the engine publishes ports: the loopback address, unless the engine is on another machine."""
    address = urlsplit(variables.get("DOCKER_HOST") or "")
    if address.scheme in ("tcp", "http", "https", "ssh") and address.hostname not in (None, "localhost"):
        return str(address.hostname)
    return LOOPBACK


@contextlib.contextmanager
def answering(what: str) -> Iterator[None]:
    """Turns the engine's failures into errors that name the operation.

    Raises UsageError where the engine does not have the image or container, InfrastructureError for everything else.
    """
    from docker.errors import DockerException, NotFound
    from urllib3.exceptions import HTTPError

    try:
        yield
    except NotFound as error:
        raise UsageError(f"the Docker engine cannot {what}: {reason_of(error)}", hint="check its name") from error
    except (DockerException, OSError, HTTPError) as error:  # HTTPError: a broken stream; OSError: all of requests
        raise InfrastructureError(
            f"the Docker engine failed to {what}: {reason_of(error)}", hint="see the log of the Docker engine"
        ) from error


def reason_of(error: BaseException) -> str:
    """The engine's explanation, else the error's own text, on one line."""
    explanation = getattr(error, "explanation", None)
    text = str(explanation) if explanation else str(error)
    return " ".join(text.split()) or type(error).__name__
