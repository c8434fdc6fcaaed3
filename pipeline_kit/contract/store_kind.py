"""A kind of store: the form of its address, its settings, and how it is opened."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Protocol

from pipeline_kit.contract.declared import declared_parameters
from pipeline_kit.contract.ports import Store
from pipeline_kit.descriptor.grammar import Grammar
from pipeline_kit.descriptor.model import SecretType
from pipeline_kit.descriptor.parameter import Parameter, Value
from pipeline_kit.errors import UsageError
from pipeline_kit.frozen import frozen

SECRETS = "secrets"
"""The key of `store` that every kind has."""


@frozen
class Credential:
    """A secret's value in a job: its text, its user name and password, or the path of its file."""

    name: str
    type: SecretType
    values: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Credential({self.name!r}, {self.type})"


@frozen
class StoreRequest:
    """A store as the descriptor declares it, with the secrets that this job has for it."""

    address: str
    project: Path
    settings: Mapping[str, Value] = field(default_factory=dict)
    credentials: tuple[Credential, ...] = ()


class StoreKind(Protocol):
    """What the file of a kind of store holds.

    `grammar` is the form of an address, which no other kind may share; `parameters` are further keys of
    `store: {KIND: ADDRESS, ...}`. `secrets` is a key that every kind has.
    """

    @property
    def grammar(self) -> Grammar:
        """The form of an address."""

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Its settings."""

    def open(self, request: StoreRequest) -> Store:
        """The store. Raises UsageError for settings that do not fit; whether it is there its operations say."""


def refuse_unusable(kinds: Mapping[str, StoreKind]) -> None:
    """Raises UsageError for a kind without a form, or with a key that every kind has or that names a kind."""
    for name, kind in kinds.items():
        what = f"the kind of store `{name}`"
        taken = {SECRETS, *kinds}
        wrong = [parameter.name for parameter in declared_parameters(what, kind) if parameter.name in taken]
        if wrong or name == SECRETS:
            message = f"plugins: {what} has the key `{(wrong or [name])[0]}`, which has another meaning in `store`"
            raise UsageError(message, hint="the package must give it another name")
        if not is_form(getattr(kind, "grammar", None)):
            raise UsageError(f"plugins: {what} has no Grammar whose pattern can be one of several")


def is_form(grammar: object) -> bool:
    """Whether this is a grammar whose pattern is valid beside those of other kinds."""
    try:
        return isinstance(grammar, Grammar) and bool(re.compile(f"(?:{grammar.pattern})|(?:{grammar.pattern})"))
    except re.error:
        return False
