"""The registries that a job may use."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pipeline_kit.adapters.http import Timeouts
from pipeline_kit.adapters.registry.credentials import Credentials
from pipeline_kit.adapters.registry.repository import HttpRepository
from pipeline_kit.adapters.registry.transport import RETRY, TIMEOUTS, Transport
from pipeline_kit.contract.image_reference import parse_reference
from pipeline_kit.contract.login import ServerLogin, no_login
from pipeline_kit.contract.oci import Repository
from pipeline_kit.retry import Retry

AUTHORITIES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
"""Variables that name a file of trusted certificates; the first that is set wins."""


class HttpRegistries:
    """Registries by host; all repositories of a host share one connection."""

    def __init__(
        self,
        variables: Mapping[str, str],
        insecure: Sequence[str],
        cache: Path,
        log: Callable[[str], None],
        *,
        retry: Retry = RETRY,
        timeouts: Timeouts = TIMEOUTS,
        server_login: ServerLogin = no_login,
    ) -> None:
        self._credentials = Credentials(variables, log, server_login)
        self._authority = next((variables[name] for name in AUTHORITIES if variables.get(name)), None)
        self._insecure = frozenset(insecure)
        self._cache = cache
        self._retry = retry
        self._timeouts = timeouts
        self._transports: dict[str, Transport] = {}

    def repository(self, name: str) -> Repository:
        """A repository by host and path. Raises UsageError for a malformed name."""
        reference = parse_reference(name)
        transport = self._transports.get(reference.host)
        if transport is None:
            insecure = reference.host in self._insecure
            transport = Transport(
                reference.host, self._credentials, insecure, self._retry, self._timeouts, self._authority
            )
            self._transports[reference.host] = transport
        return HttpRepository(reference.name, reference.path, transport, self._cache)
