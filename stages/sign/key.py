"""The private key, from a secret of the job into memory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pipeline_kit.descriptor.secret_variables import secret_variable
from pipeline_kit.errors import UsageError
from pipeline_kit.images.verify.signature import LARGEST_KEY

from .settings import Settings

HINT = "give the job the secret, of the type text or file, that holds the private key; `pipeline-kit keys DIR` makes it"


def signing_key(settings: Settings, secrets: Mapping[str, str]) -> tuple[bytes, bytes | None]:
    """The private key and its passphrase, from the job's secrets by variable.

    Raises UsageError where the job has no such secret.
    """
    named, passphrase = settings.key, settings.passphrase
    word = value_of(secrets, passphrase, "passphrase") if passphrase else None
    if named is None:
        left = [name for name in secrets if passphrase is None or name != secret_variable(passphrase)]
        if len(left) != 1:
            raise UsageError(f"the job has {len(left)} secrets, and key does not say which holds the key", hint=HINT)
        return content_of(secrets[left[0]]), word
    return value_of(secrets, named, "key"), word


def value_of(secrets: Mapping[str, str], secret: str, parameter: str) -> bytes:
    """The content of a secret. Raises UsageError naming the parameter where the job does not have it."""
    if secret_variable(secret) not in secrets:
        raise UsageError(f"{parameter} names the secret {secret}, which the job does not have", hint=HINT)
    return content_of(secrets[secret_variable(secret)])


def content_of(value: str) -> bytes:
    """The content of a secret: the text itself, or of the file that a secret of the type file leads to."""
    if not value.startswith("/") or "\n" in value.strip():
        return value.strip().encode()
    try:
        with Path(value).open("rb") as file:
            return file.read(LARGEST_KEY).strip()
    except (OSError, ValueError):
        return value.strip().encode()  # a text that only looks like a path
