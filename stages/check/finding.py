"""What a check found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline_kit.contract.result import Case
from pipeline_kit.descriptor.parameter import Value


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
