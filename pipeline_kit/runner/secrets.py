"""The secrets of a job: taken from its environment by name, handed on only to that job, masked everywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline_kit.descriptor.model import Secret, SecretType
from pipeline_kit.descriptor.secret_variables import PREFIX, variable_names
from pipeline_kit.errors import UsageError
from pipeline_kit.runner.redaction import LONGEST_BYTES, SHORTEST


def take_secrets(secrets: Sequence[Secret], variables: Mapping[str, str]) -> dict[str, str]:
    """Variable to value of the job's secrets. Raises UsageError naming the first that is not set."""
    found: dict[str, str] = {}
    for secret in secrets:
        for name in variable_names(secret):
            if not variables.get(name):
                hint = "the CI server sets it from its own secret; here, export it before the run"
                raise UsageError(f"secret {secret.name}: the variable {name} is not set", hint=hint)
            found[name] = variables[name]
    return found


def values_to_mask(secrets: Sequence[Secret], found: Mapping[str, str]) -> list[str | bytes]:
    """What must never be shown: values, the content of files; user names are no secret.

    Raises UsageError for a file that cannot be read, and for a secret that is too short or too long to be masked.
    """
    values: list[str | bytes] = []
    for secret in secrets:
        *_, name = variable_names(secret)
        value = read(secret, found[name]) if secret.type is SecretType.FILE else found[name]
        if len(value.strip()) < SHORTEST:
            hint = "a shorter one cannot be masked without tearing the text, and is guessed at once"
            raise UsageError(f"secret {secret.name} is shorter than {SHORTEST} characters", hint=hint)
        if len(value) > LONGEST_BYTES:
            hint = "hand over what protects it instead, and fetch the rest in the job"
            raise UsageError(f"secret {secret.name} is longer than {LONGEST_BYTES // 1024} KiB", hint=hint)
        values.append(value)
    return values


def read(secret: Secret, path: str) -> bytes:
    """The content of a secret file; no more of it than decides that it is too long."""
    try:
        with Path(path).open("rb") as file:
            return file.read(LONGEST_BYTES + 1)
    except OSError as error:
        hint = "its variable must hold the path of a file"
        raise UsageError(f"secret {secret.name}: {error.strerror}", hint=hint) from error


def without_secrets(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables without any secret: what a job is given before its own are added."""
    return {name: value for name, value in variables.items() if not name.startswith(PREFIX)}
