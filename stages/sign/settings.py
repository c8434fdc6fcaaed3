"""The settings of a job that signs."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline_kit.contract.settings import text
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.frozen import frozen


@frozen
class Settings:
    """The secrets that hold the private key (None: the job's only one) and its passphrase, by name."""

    key: str | None = None
    passphrase: str | None = None


def settings_of(given: Mapping[str, Value]) -> Settings:
    """The job's settings, parsed."""
    return Settings(text(given, "key"), text(given, "passphrase"))
