"""The secrets of a job: read from its environment by name, given to that job only, masked everywhere."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from pipeline_kit.descriptor.model import Descriptor, Secret, SecretType
from pipeline_kit.descriptor.secret_variables import PREFIX, SUFFIXES, variable_names
from pipeline_kit.descriptor.server_words import ServerWords
from pipeline_kit.errors import UsageError
from pipeline_kit.runner.redaction import LONGEST_BYTES, SHORTEST

VARIABLES = ("variable", "secret_variable")
"""The grammars of a secret's reference that is the name of a variable, which every job of the server has."""
PASSWORD = re.compile(r"://[^/@\s]*:([^/@\s]+)@")


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


def hidden_variables(
    descriptor: Descriptor, servers: Iterable[ServerWords], variables: Mapping[str, str]
) -> Mapping[str, SecretType]:
    """The variables that hold a secret, each with its type: no job's code sees them.

    These are the kit's own, those that the descriptor's secrets name on a server which hands all of its secrets to each
    job, and the tokens that servers add. A job gets the secrets that it names under the kit's own names.
    """
    hidden = {name: SecretType.TEXT for name in variables if name.startswith(PREFIX)}
    for secret in descriptor.secrets.values():
        hidden.update(dict.fromkeys(variable_names(secret), secret.type))
    for words in servers:
        hidden.update({name: SecretType.TEXT for name in variables if any(re.fullmatch(p, name) for p in words.tokens)})
        if words.secret is None or words.secret.grammar not in VARIABLES:
            continue
        for secret in descriptor.secrets.values():
            if isinstance(reference := secret.servers.get(words.name), str):
                hidden.update({f"{reference}{suffix}": secret.type for suffix in SUFFIXES[secret.type]})
    return {name: kind for name, kind in hidden.items() if name in variables}


def hidden_values(hidden: Mapping[str, SecretType], variables: Mapping[str, str]) -> Iterator[str | bytes]:
    """What to mask of secrets that the job does not name; values too short or too long for it are left out.

    Of an address only the password is masked, of a file its content; a user name is not masked.
    """
    for name, kind in hidden.items():
        value: str | bytes = variables[name]
        if kind is SecretType.USERNAME_PASSWORD and name.endswith(SUFFIXES[kind][0]):
            continue
        if kind is SecretType.FILE:
            with contextlib.suppress(OSError, ValueError), Path(variables[name]).open("rb") as file:
                value = file.read(LONGEST_BYTES + 1)
        elif address := PASSWORD.search(variables[name]):
            value = address[1]
        if len(value.strip()) >= SHORTEST and len(value) <= LONGEST_BYTES:
            yield value
