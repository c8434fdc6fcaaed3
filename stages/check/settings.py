"""The settings of a job that checks data."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline_kit.contract.settings import flag, number, text, whole
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.frozen import frozen


@frozen
class Settings:
    """What is allowed: shares from 0 to 1, rows and ids as counts."""

    duplicates: float = 0.0
    reference: str = "train"
    leakage: int = 0
    shared_ids: int = 0
    same_columns: bool = True
    refuse_extra: bool = False
    ordered: bool = False
    missing: float = 1.0
    balance: float = 0.0


def settings_of(given: Mapping[str, Value]) -> Settings:
    """The job's settings, parsed."""
    return Settings(
        duplicates=number(given, "duplicates", 0.0),
        reference=text(given, "reference") or "train",
        leakage=whole(given, "leakage", 0),
        shared_ids=whole(given, "shared_ids", 0),
        same_columns=flag(given, "same_columns", default=True),
        refuse_extra=text(given, "extra_columns") == "refused",
        ordered=flag(given, "ordered"),
        missing=number(given, "missing", 1.0),
        balance=number(given, "balance", 0.0),
    )
