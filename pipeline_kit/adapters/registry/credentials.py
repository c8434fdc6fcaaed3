"""Registry logins: from the job's secrets, from the CI server, or from Docker's configuration."""

from __future__ import annotations

import base64
import binascii
import json
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pipeline_kit.adapters.registry.helper import HelperError, ask_helper
from pipeline_kit.contract.login import Login, ServerLogin, no_login
from pipeline_kit.descriptor.secret_variables import PREFIX
from pipeline_kit.errors import UsageError

USERNAME, PASSWORD = "_USERNAME", "_PASSWORD"
TOKEN_USER = "<token>"
"""A credential helper's user name where its secret is an identity token."""


class Credentials:
    """Finds the login of a registry host, once per host, in this order:

    1. The job's only secret of type `username_password`: it is used for every registry of the job.
    2. The login that the CI server provides for its own registry.
    3. Docker's `config.json` (in `DOCKER_CONFIG`, else in `~/.docker`): `credHelpers`, `credsStore`, `auths`.

    A credential helper that fails is logged without its output, and skipped.
    """

    def __init__(
        self,
        variables: Mapping[str, str],
        log: Callable[[str], None] = lambda line: None,
        server_login: ServerLogin = no_login,
    ) -> None:
        self._variables = variables
        self._server_login = server_login
        self._log = log
        self._logins: dict[str, Login | None] = {}
        self._lock = threading.Lock()

    def login(self, host: str) -> Login | None:
        """The login for a host, or None. Raises UsageError where Docker's configuration cannot be read."""
        with self._lock:
            if host not in self._logins:
                self._logins[host] = self._login(host)
            return self._logins[host]

    def _login(self, host: str) -> Login | None:
        return self._of_the_job() or self._server_login(host, self._variables) or self._of_docker(host)

    def secrets(self) -> tuple[str, ...]:
        """The passwords and tokens found so far, which no message may contain."""
        logins = [login for login in tuple(self._logins.values()) if login]
        return tuple(secret for login in logins for secret in (login.password, login.identity_token) if secret)

    def _of_the_job(self) -> Login | None:
        names = {
            name.removesuffix(PASSWORD)
            for name in self._variables
            if name.startswith(PREFIX)
            and name.endswith(PASSWORD)
            and name.removesuffix(PASSWORD) + USERNAME in self._variables
        }
        if len(names) != 1:
            return None
        name = names.pop()
        return Login(self._variables[name + USERNAME], self._variables[name + PASSWORD])

    def _of_docker(self, host: str) -> Login | None:
        folder = self._variables.get("DOCKER_CONFIG") or (
            Path(self._variables.get("HOME", "~")).expanduser() / ".docker"
        )
        path = Path(folder) / "config.json"
        if not path.is_file():
            return None
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            helper = document.get("credHelpers", {}).get(host) or document.get("credsStore")
            entry = of_host(document.get("auths", {}), host)
            if helper and (login := self._of_helper(str(helper), host)):
                return login
            return decoded(entry) if entry else None
        except (OSError, ValueError, AttributeError, TypeError, RecursionError) as error:
            message = f"{path} is not a valid Docker configuration: {error}"
            raise UsageError(message, hint="docker login writes a valid one") from error

    def _of_helper(self, helper: str, host: str) -> Login | None:
        try:
            answer = ask_helper(helper, host, self._variables)
        except HelperError as error:
            self._log(f"docker-credential-{helper} returned no login for {host}: {error}")
            return None
        if answer is None:
            return None
        username, secret = answer
        return Login(identity_token=secret) if username == TOKEN_USER else Login(username, secret)


def of_host(auths: Mapping[str, Any], host: str) -> Any:
    """The entry of a host; older tools wrote a URL as its key, such as `https://registry.example/v1/`."""
    if host in auths:
        return auths[host]
    for name, entry in auths.items():
        if name.removeprefix("https://").removeprefix("http://").partition("/")[0] == host:
            return entry
    return None


def decoded(entry: Mapping[str, str]) -> Login | None:
    """The login of an entry of `auths`, None where it is empty. Raises ValueError for a malformed one."""
    if token := entry.get("identitytoken"):
        return Login(identity_token=str(token))
    if entry.get("username"):
        return Login(str(entry["username"]), str(entry.get("password", "")))
    if not entry.get("auth"):
        return None
    try:
        name, colon, password = base64.b64decode(entry["auth"], validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise ValueError("an `auth` is not base64 of name:password") from None
    if not colon:
        raise ValueError("an `auth` is not base64 of name:password")
    return Login(name, password)
