"""What a check found, and what was asked of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline_kit.contract.result import Case
from pipeline_kit.contract.settings import Settings, flag, number, text, whole
from pipeline_kit.descriptor.parameter import Value


@dataclass(frozen=True, slots=True)
class Limits:
    """The stage's settings: shares from 0 to 1, rows as counts."""

    duplicates: float = 0.0
    reference: str = "train"
    leakage: int = 0
    shared_ids: int = 0
    same_columns: bool = True
    refuse_extra: bool = False
    ordered: bool = False
    missing: float = 1.0
    balance: float = 0.0


def limits_of(settings: Settings) -> Limits:
    """The settings as limits."""
    missing = number(settings, "missing")
    return Limits(
        duplicates=number(settings, "duplicates") or 0.0,
        reference=text(settings, "reference") or "train",
        leakage=whole(settings, "leakage") or 0,
        shared_ids=whole(settings, "shared_ids") or 0,
        same_columns=flag({"same_columns": True, **settings}, "same_columns"),
        refuse_extra=text(settings, "extra_columns") == "refused",
        ordered=flag(settings, "ordered"),
        missing=1.0 if missing is None else missing,
        balance=number(settings, "balance") or 0.0,
    )


@dataclass(slots=True)
class Findings:
    """The cases of a dataset, in the order they were checked, and its entry in the report."""

    dataset: str
    cases: list[Case] = field(default_factory=list)
    report: dict[str, Value] = field(default_factory=dict)

    def check(self, name: str, failure: str | None) -> None:
        """Records a check: `failure` says what is wrong, none that it held."""
        self.cases.append(Case(name, self.dataset, failure=failure))

    def skip(self, name: str, reason: str) -> None:
        """Records a check that could not be made, and why."""
        self.cases.append(Case(name, self.dataset, skipped=reason))


def case_record(case: Case) -> Mapping[str, Value]:
    """A case for the report: `passed`, `failed` or `skipped`, and what was found."""
    status = "failed" if case.failure is not None else "skipped" if case.skipped is not None else "passed"
    return {"dataset": case.group, "check": case.name, "status": status, "found": case.failure or case.skipped or ""}
