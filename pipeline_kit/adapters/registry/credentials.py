"""Whose name and password a registry gets: from the job's secrets, GitLab's variables, or Docker's configuration."""

from __future__ import annotations

import base64
import binascii
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline_kit.adapters.registry.helper import HelperError, ask_helper
from pipeline_kit.descriptor.secret_variables import PREFIX
from pipeline_kit.errors import UsageError

USERNAME, PASSWORD = "_USERNAME", "_PASSWORD"
TOKEN_USER = "<token>"
"""What a credential helper answers in place of a name where the password is an identity token."""
JOB_TOKEN_USER = "gitlab-ci-token"


@dataclass(frozen=True, slots=True)
class Login:
    """A name and a password, or an identity token (OAuth2 refresh token)."""

    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)


class Credentials:
    """Finds the login of a registry's host, once for each, in this order:

    1. The job's only secret of the type `username_password`: it counts for every registry that the job talks to.
    2. GitLab's own registry: `CI_REGISTRY_USER` and `CI_REGISTRY_PASSWORD`, else the job's `CI_JOB_TOKEN`, for the host
       in `CI_REGISTRY` alone.
    3. Docker's `config.json` (in `DOCKER_CONFIG`, else in `~/.docker`): `credHelpers`, `credsStore`, `auths`.

    A credential helper that fails is told to the log, without its words, and passed over.
    """

    def __init__(self, variables: Mapping[str, str], log: Callable[[str], None] = lambda line: None) -> None:
        self._variables = variables
        self._log = log
        self._found: dict[str, Login | None] = {}
        self._lock = threading.Lock()

    def login(self, host: str) -> Login | None:
        """The login for a host, or none. Raises UsageError where Docker's configuration cannot be read."""
        with self._lock:
            if host not in self._found:
                self._found[host] = self._of_the_job() or self._of_gitlab(host) or self._of_docker(host)
            return self._found[host]

    def secrets(self) -> tuple[str, ...]:
        """What no message may hold: the passwords and tokens found so far."""
        found = [each for each in tuple(self._found.values()) if each]
        return tuple(secret for each in found for secret in (each.password, each.identity_token) if secret)

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

    def _of_gitlab(self, host: str) -> Login | None:
        registry, user, password, token = (
            self._variables.get(name)
            for name in ("CI_REGISTRY", "CI_REGISTRY_USER", "CI_REGISTRY_PASSWORD", "CI_JOB_TOKEN")
        )
        if registry != host:
            return None
        if user and password:
            return Login(user, password)
        return Login(JOB_TOKEN_USER, token) if token else None

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
            if helper and (found := self._of_helper(str(helper), host)):
                return found
            return decoded(entry) if entry else None
        except (OSError, ValueError, AttributeError, TypeError, RecursionError) as error:
            raise UsageError(
                f"{path} is no configuration of Docker's: {error}", hint="docker login writes it"
            ) from error

    def _of_helper(self, helper: str, host: str) -> Login | None:
        try:
            answer = ask_helper(helper, host, self._variables)
        except HelperError as error:
            self._log(f"docker-credential-{helper} gave no login for {host}: {error}")
            return None
        if answer is None:
            return None
        username, secret = answer
        return Login(identity_token=secret) if username == TOKEN_USER else Login(username, secret)


def of_host(auths: Mapping[str, Any], host: str) -> Any:
    """The entry of a host: older tools wrote its whole address, such as `https://registry.example/v1/`."""
    if host in auths:
        return auths[host]
    for name, entry in auths.items():
        if name.removeprefix("https://").removeprefix("http://").partition("/")[0] == host:
            return entry
    return None


def decoded(entry: Mapping[str, str]) -> Login | None:
    """The login of an entry of `auths`, or none where it is empty. Raises ValueError for a damaged one."""
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
