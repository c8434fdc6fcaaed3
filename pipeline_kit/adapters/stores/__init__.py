"""Stores: one file for each kind, found by its name in the descriptor."""

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

    `variables` has the job's secrets; the store gets the ones that it declares and that are set.
    """
    address = descriptor.store
    if address is None:
        return None
    secrets = (descriptor.secrets[name] for name in address.secrets)
    credentials = (credential_of(secret, variables) for secret in secrets)
    available = tuple(credential for credential in credentials if credential is not None)
    kind = STORES.load(address.kind, descriptor.plugins)
    return kind.open(StoreRequest(address.address, project, address.settings, available))


def credential_of(secret: Secret, variables: Mapping[str, str]) -> Credential | None:
    """The secret's value, None where one of its variables is not set."""
    values = tuple(variables.get(name) or "" for name in variable_names(secret))
    return Credential(secret.name, secret.type, values) if all(values) else None
