"""Stores: a file for each kind, by the name that the descriptor may give it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pipeline_kit.contract.ports import Store
from pipeline_kit.contract.store_kind import Credential, StoreKind, StoreRequest
from pipeline_kit.descriptor.model import Descriptor, Secret
from pipeline_kit.descriptor.secret_variables import variable_names
from pipeline_kit.extensions import Table

STORES: Table[StoreKind] = Table(
    "pipeline_kit.stores", "kind of store", {"directory": "pipeline_kit.adapters.stores.directory:DIRECTORIES"}
)


def open_store(descriptor: Descriptor, project: Path, variables: Mapping[str, str]) -> Store | None:
    """The descriptor's store, or None where it declares none.

    `variables` are the job's secrets by variable: the store gets those that it declares, as far as they are set.
    """
    address = descriptor.store
    if address is None:
        return None
    secrets = (descriptor.secrets[name] for name in address.secrets)
    credentials = (credential(secret, variables) for secret in secrets)
    given = tuple(each for each in credentials if each is not None)
    kind = STORES.load(address.kind, descriptor.plugins)
    return kind.open(StoreRequest(address.address, project, address.settings, given))


def credential(secret: Secret, variables: Mapping[str, str]) -> Credential | None:
    """The secret's value, or None where a variable of it is not set."""
    values = tuple(variables.get(name) or "" for name in variable_names(secret))
    return Credential(secret.name, secret.type, values) if all(values) else None
