"""The connection to a Docker engine: where it is, its client, and what its failures mean."""

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
"""For the first answer: an engine that is there gives it at once."""
ANSWER_SECONDS = 600.0
"""For all others: `docker save` says nothing until it has gathered the image."""
USUAL = "the usual socket"
HINT = "start it, or let DOCKER_HOST name it; the builder `layers` and `runs: process` need none"


def connect(variables: Mapping[str, str]) -> Any:
    """A client of the engine (`docker.APIClient`) that DOCKER_HOST or the usual socket names.

    No proxy stands between: the variables for one are for registries, and would break a local engine. Raises
    InfrastructureError where none answers.
    """
    import docker
    from docker.errors import DockerException
    from docker.utils import kwargs_from_env

    given = {name: variables[name] for name in SETTINGS if variables.get(name)}
    try:
        settings = kwargs_from_env(given) if given else {}
        first = docker.APIClient(version=OLDEST_API, timeout=FIRST_SECONDS, **settings)
        with contextlib.closing(first):
            first.trust_env = False
            version = str(first.version(api_version=False)["ApiVersion"])
        client = docker.APIClient(version=version, timeout=ANSWER_SECONDS, **settings)
    except (DockerException, OSError, KeyError, ValueError) as error:
        where = variables.get("DOCKER_HOST") or USUAL
        raise InfrastructureError(f"no Docker engine answers at {where}: {reason_of(error)}", hint=HINT) from error
    client.trust_env = False
    return client


def engine_host(variables: Mapping[str, str]) -> str:
    """The host on which the engine opens ports, as seen from here: the loopback address unless it is elsewhere."""
    found = urlsplit(variables.get("DOCKER_HOST") or "")
    if found.scheme in ("tcp", "http", "https", "ssh") and found.hostname not in (None, "localhost"):
        return str(found.hostname)
    return LOOPBACK


@contextlib.contextmanager
def answering(what: str) -> Iterator[None]:
    """Turns the engine's failures into errors that say what was asked of it. An image that is not there is the user's.

    Raises UsageError for what the engine does not have, InfrastructureError for everything else.
    """
    from docker.errors import DockerException, NotFound
    from urllib3.exceptions import HTTPError

    try:
        yield
    except NotFound as error:
        raise UsageError(f"the Docker engine cannot {what}: {reason_of(error)}", hint="is its name right?") from error
    except (DockerException, OSError, HTTPError) as error:  # a broken stream is HTTPError, all else of requests OSError
        raise InfrastructureError(
            f"the Docker engine did not {what}: {reason_of(error)}", hint="its own log says more"
        ) from error


def reason_of(error: BaseException) -> str:
    """What the engine says, else what the system says, in one line."""
    explanation = getattr(error, "explanation", None)
    found = str(explanation) if explanation else str(error)
    return " ".join(found.split()) or type(error).__name__
