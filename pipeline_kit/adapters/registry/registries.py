"""The registries that a job may talk to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pipeline_kit.adapters.registry.credentials import Credentials
from pipeline_kit.adapters.registry.repository import HttpRepository
from pipeline_kit.adapters.registry.transport import Patience, Transport
from pipeline_kit.contract.image_reference import parse_reference
from pipeline_kit.contract.login import ServerLogin, no_login
from pipeline_kit.contract.oci import Repository

AUTHORITIES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
"""Variables that name a file with the certificates to trust; the first that is set counts."""


class HttpRegistries:
    """Registries by their hosts; one connection each, shared by all of a host's repositories."""

    def __init__(
        self,
        variables: Mapping[str, str],
        insecure: Sequence[str],
        cache: Path,
        log: Callable[[str], None],
        patience: Patience | None = None,
        *,
        server_login: ServerLogin = no_login,
    ) -> None:
        self._credentials = Credentials(variables, log, server_login)
        self._authority = next((variables[name] for name in AUTHORITIES if variables.get(name)), None)
        self._insecure = frozenset(insecure)
        self._cache = cache
        self._patience = patience or Patience()
        self._transports: dict[str, Transport] = {}

    def repository(self, name: str) -> Repository:
        """A repository by host and path. Raises UsageError where it is no name of one."""
        reference = parse_reference(name)
        transport = self._transports.get(reference.host)
        if transport is None:
            insecure = reference.host in self._insecure
            transport = Transport(reference.host, self._credentials, insecure, self._patience, self._authority)
            self._transports[reference.host] = transport
        return HttpRepository(reference.name, reference.path, transport, self._cache)
