"""A kind of store: the form of its address, its settings, and how it is opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Protocol

from pipeline_kit.contract.ports import Store
from pipeline_kit.descriptor.grammar import Grammar
from pipeline_kit.descriptor.model import SecretType
from pipeline_kit.descriptor.parameter import Parameter, Value
from pipeline_kit.frozen import frozen


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
