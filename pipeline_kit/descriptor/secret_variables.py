"""The variables in which every CI server hands a secret to a job."""

from __future__ import annotations

from pipeline_kit.descriptor.model import Secret, SecretType

PREFIX = "PIPELINE_KIT_SECRET_"
SUFFIXES = {SecretType.TEXT: ("",), SecretType.FILE: ("",), SecretType.USERNAME_PASSWORD: ("_USERNAME", "_PASSWORD")}


def secret_variable(name: str) -> str:
    """The variable of a secret by its name in the descriptor; of a user name and password the beginning of both."""
    return PREFIX + name.upper()


def variable_names(secret: Secret) -> tuple[str, ...]:
    """The variables that hold a secret."""
    return tuple(secret_variable(secret.name) + suffix for suffix in SUFFIXES[secret.type])
