"""The secrets of a job: read from its environment by name, given to that job only, masked everywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline_kit.descriptor.model import Secret, SecretType
from pipeline_kit.descriptor.secret_variables import PREFIX, variable_names
from pipeline_kit.errors import UsageError
from pipeline_kit.runner.redaction import LONGEST_BYTES, SHORTEST


def take_secrets(secrets: Sequence[Secret], variables: Mapping[str, str]) -> dict[str, str]:
    """The values of the job's secrets by variable. Raises UsageError for the first that is not set."""
    values: dict[str, str] = {}
    for secret in secrets:
        for name in variable_names(secret):
            if not variables.get(name):
                hint = "a CI server sets it from its own secret; for a local run, export it first"
                raise UsageError(f"secret {secret.name}: the variable {name} is not set", hint=hint)
            values[name] = variables[name]
    return values


def values_to_mask(secrets: Sequence[Secret], variables: Mapping[str, str]) -> list[str | bytes]:
    """What must never be shown: values and the content of files, but not user names.

    Raises UsageError for a file that cannot be read, and for a secret that is too short or too long to be masked.
    """
    values: list[str | bytes] = []
    for secret in secrets:
        *_, name = variable_names(secret)
        value = read(secret, variables[name]) if secret.type is SecretType.FILE else variables[name]
        if len(value.strip()) < SHORTEST:
            hint = "use a longer one: masking a short one would garble other text"
            raise UsageError(f"secret {secret.name} is shorter than {SHORTEST} characters", hint=hint)
        if len(value) > LONGEST_BYTES:
            hint = "store it elsewhere, use its access key as the secret, and fetch it in the job"
            raise UsageError(f"secret {secret.name} is longer than {LONGEST_BYTES // 1024} KiB", hint=hint)
        values.append(value)
    return values


def read(secret: Secret, path: str) -> bytes:
    """The content of a secret file, read up to one byte over the limit."""
    try:
        with Path(path).open("rb") as file:
            return file.read(LONGEST_BYTES + 1)
    except OSError as error:
        hint = "its variable must be the path of a readable file"
        raise UsageError(f"secret {secret.name}: {error.strerror}", hint=hint) from error


def without_secrets(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables without any secret; a job's own secrets are added to these."""
    return {name: value for name, value in variables.items() if not name.startswith(PREFIX)}
