"""A login at an image registry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Login:
    """A name and a password, or an identity token (OAuth2 refresh token)."""

    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)


ServerLogin = Callable[[str, Mapping[str, str]], Login | None]
"""The login that a CI server hands to its jobs for a host of a registry: the host, and the job's variables."""


def no_login(host: str, variables: Mapping[str, str]) -> Login | None:
    """The answer where no CI server is known: `None` for every host."""
    return None
