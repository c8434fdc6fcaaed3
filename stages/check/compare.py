"""Other datasets against the one that a model learns from: the same columns, and no row in both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline_kit.contract.context import DataInput
from pipeline_kit.descriptor.model import Dataset
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.errors import DataError

from .columns import shown
from .finding import Findings
from .rows import Places, Repeats, first_places, standing_in
from .settings import Settings
from .table import Table, open_table


class Comparison:
    """Compares datasets with the reference, whose row digests are made once for each set of columns."""

    def __init__(self, reference: DataInput, table: Table, limits: Settings) -> None:
        self.spec = reference.spec
        self.table = table
        self.limits = limits
        self.columns = table.columns()
        self.places: dict[tuple[str, ...], Places] = {}

    def check(self, data: DataInput, table: Table) -> tuple[Findings, Mapping[str, Value]]:
        """The checks of one dataset against the reference, and the entry in the report."""
        findings = Findings(data.spec.name)
        columns = table.columns()
        report: dict[str, Value] = {"reference": self.spec.name, "dataset": data.spec.name}
        own_names, other = (features(names, self.spec, data.spec) for names in (self.columns, columns))
        if self.limits.same_columns and data.spec.target is not None and data.spec.target == self.spec.target:
            findings.check(f"same columns as {self.spec.name}", _difference(own_names, other, self.spec.name))
        alike = sorted(set(own_names) & set(other))
        related = data.spec.target is not None and data.spec.target == self.spec.target
        if not alike or (sorted(own_names) != sorted(other) and not related):
            findings.skip(f"no row of {self.spec.name}", "the columns differ, so no row can be compared")
            return findings, {**report, "compared": False}
        report["compared"] = True
        both = {self.spec.target, data.spec.target} & set(self.columns) & set(columns)
        report["shared_rows"] = self._check_rows(findings, table, tuple(sorted({*alike, *filter(None, both)})))
        if data.spec.id is not None and data.spec.id == self.spec.id:
            report["shared_ids"] = self._check_ids(findings, table, data.spec.id)
        return findings, report

    def _check_rows(self, findings: Findings, table: Table, columns: tuple[str, ...]) -> int:
        shared = self._shared(table, columns)
        result = self._found("rows", shared, table, self.limits.leakage)
        findings.check(f"no row of {self.spec.name}", result)
        return shared.count

    def _check_ids(self, findings: Findings, table: Table, column: str) -> int:
        shared = self._shared(table, (column,))
        result = self._found("ids", shared, table, self.limits.shared_ids)
        findings.check(f"no id of {self.spec.name}", result)
        return shared.count

    def _shared(self, table: Table, columns: tuple[str, ...]) -> Repeats:
        if columns not in self.places:
            self.places[columns] = first_places(self.table, columns)[0]
        return standing_in(table, columns, self.places[columns])

    def _found(self, what: str, shared: Repeats, table: Table, limit: int) -> str | None:
        if shared.count <= limit:
            return None
        return (
            f"{shared.count} {what} are also in {self.spec.name}, at most {limit} may, "
            f"first {table.place_name} {shared.place} is its {self.table.place_name} {shared.earlier}"
        )


def compare(datasets: Mapping[str, DataInput], limits: Settings) -> tuple[list[Findings], list[Mapping[str, Value]]]:
    """Every comparison that can be made; a file that cannot be read has failed its own checks already.

    Each dataset is compared with the reference. Without the reference, it is unknown which one a model learns
    from, so each is compared with every one before it.
    """
    listed = list(datasets.values())
    reference = next((data_input for data_input in listed if data_input.spec.name == limits.reference), None)
    findings: list[Findings] = []
    reports: list[Mapping[str, Value]] = []
    for number, first in enumerate(listed):
        others = (
            [data_input for data_input in listed if data_input is not reference]
            if first is reference
            else listed[number + 1 :]
        )
        if reference is None or first is reference:
            _compare_with(first, others, limits, findings, reports)
    return findings, reports


def _compare_with(
    reference: DataInput,
    others: Sequence[DataInput],
    limits: Settings,
    findings: list[Findings],
    reports: list[Mapping[str, Value]],
) -> None:
    """Adds the comparisons of some datasets with one; of what has no rows that the kit reads, the whole content's."""
    table = _table(reference)
    for data in others:
        if data.digest and data.digest == reference.digest and (table is None or _table(data) is None):
            same = Findings(data.spec.name)
            same.check(f"no row of {reference.spec.name}", f"its content is that of {reference.spec.name}, all of it")
            findings.append(same)
    try:
        comparison = Comparison(reference, table, limits) if table and others else None
    except DataError:
        return
    for data in others:
        other = _table(data)
        if comparison is None or other is None:
            continue
        try:
            finding, report = comparison.check(data, other)
        except DataError as error:
            name = reference.spec.name
            finding = Findings(data.spec.name)
            finding.skip(f"no row of {name}", f"one of the two files cannot be read: {error.message}")
            report = {"reference": name, "dataset": data.spec.name, "compared": False}
        findings.append(finding)
        reports.append(report)


def _table(data: DataInput) -> Table | None:
    return open_table(data.path) if data.path.is_file() else None


def features(columns: list[str], *specs: Dataset) -> list[str]:
    """The columns that none of the datasets declares as its id or target, in the file's order."""
    roles = {role for spec in specs for role in (spec.id, spec.target)}
    return [name for name in columns if name not in roles]


def _difference(own: list[str], other: list[str], reference: str) -> str | None:
    """How one dataset's columns differ from the reference's, or None."""
    if own == other:
        return None
    absent = [name for name in own if name not in other]
    added = [name for name in other if name not in own]
    if absent:
        return f"it has no column {shown(absent[0])}, which {reference} has"
    if added:
        return f"it has the column {shown(added[0])}, which {reference} has not"
    moved = next(name for name, there in zip(other, own, strict=True) if name != there)
    return f"{shown(moved)} is at another position than in {reference}"
