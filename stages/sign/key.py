"""The private key, from a secret of the job into memory."""

from __future__ import annotations

from pathlib import Path

from pipeline_kit.contract.context import StageContext
from pipeline_kit.contract.settings import text
from pipeline_kit.descriptor.secret_variables import secret_variable
from pipeline_kit.errors import UsageError
from pipeline_kit.images.signature import LARGEST_KEY

HINT = "give the job the secret, of the type text or file, that holds the private key; `pipeline-kit keys DIR` makes it"


def signing_key(context: StageContext) -> tuple[bytes, bytes | None]:
    """The private key and its passphrase. Raises UsageError where the job has no such secret."""
    named, passphrase = text(context.settings, "key"), text(context.settings, "passphrase")
    word = value_of(context, passphrase, "passphrase") if passphrase else None
    if named is None:
        left = [name for name in context.secrets if passphrase is None or name != secret_variable(passphrase)]
        if len(left) != 1:
            raise UsageError(f"the job has {len(left)} secrets, and key does not say which holds the key", hint=HINT)
        return content_of(context.secrets[left[0]]), word
    return value_of(context, named, "key"), word


def value_of(context: StageContext, secret: str, parameter: str) -> bytes:
    """The content of a secret. Raises UsageError naming the parameter where the job does not have it."""
    if secret_variable(secret) not in context.secrets:
        raise UsageError(f"{parameter} names the secret {secret}, which the job does not have", hint=HINT)
    return content_of(context.secrets[secret_variable(secret)])


def content_of(value: str) -> bytes:
    """The content of a secret: the text itself, or of the file that a secret of the type file leads to."""
    if not value.startswith("/") or "\n" in value.strip():
        return value.strip().encode()
    try:
        with Path(value).open("rb") as file:
            return file.read(LARGEST_KEY).strip()
    except (OSError, ValueError):
        return value.strip().encode()  # a text that only looks like a path
