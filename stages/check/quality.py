"""One dataset against what the descriptor declares of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from pipeline_kit.contract.context import DataInput
from pipeline_kit.descriptor.model import Column, ColumnType, Dataset
from pipeline_kit.errors import DataError

from .columns import ColumnScan, shown
from .finding import Findings
from .rows import first_places
from .settings import Settings
from .table import Table, open_table

LFS = b"version https://git-lfs.github.com/spec/"
SCANNED_ROWS = 4096
"""Rows that are held at a time: enough for a category to repeat, few enough to weigh nothing."""


@dataclass(slots=True)
class Scan:
    """A whole pass over a table: every column, the rows, and the rows with another number of cells."""

    columns: list[ColumnScan]
    rows: int = 0
    ragged: int = 0
    first_ragged: tuple[int, int] = (0, 0)  # place, cells
    names: list[str] = field(default_factory=list)

    def column(self, name: str) -> ColumnScan | None:
        """The column of that name, or None."""
        return next((column for column in self.columns if column.name == name), None)


def check_dataset(data: DataInput, limits: Settings) -> Findings:
    """Every check of one dataset; a file too damaged to read is a failed check, not an exception."""
    spec = data.spec
    findings = Findings(spec.name)
    findings.report.update({"path": spec.path.as_posix(), "digest": data.digest})
    if not data.path.exists():
        findings.check("file exists", f"{spec.path} does not exist")
        return findings
    if spec.digest is not None:
        differs = f"the content is {data.digest}, not the pinned {spec.digest}" if data.digest != spec.digest else None
        findings.check("content is the pinned one", differs)
    if is_pointer(data.path):
        findings.check("file is readable", "it is a pointer of git LFS and not the data: run git lfs pull")
        return findings
    table = open_table(data.path) if data.path.is_file() else None
    if table is None:
        _without_rows(findings, spec)
        return findings
    try:
        _check_table(findings, table, spec, limits)
    except DataError as error:
        findings.check("file is readable", error.message)
    return findings


def is_pointer(path: Path) -> bool:
    """Whether git LFS has left its pointer in the file's place (git-lfs/docs/spec.md)."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(LFS)) == LFS


def _without_rows(findings: Findings, spec: Dataset) -> None:
    """Of a format without rows only the digest is known; what is declared beyond it stays visibly unchecked."""
    what = f"{spec.path.suffix} files" if spec.path.suffix else "folders and files without an ending"
    note = f"the kit reads no rows from {what}: only the digest of the content is recorded"
    findings.report["note"] = note
    findings.skip("rows and columns", note)


def _check_table(findings: Findings, table: Table, spec: Dataset, limits: Settings) -> None:
    names = table.columns()
    usable = _check_names(findings, names, spec, limits)
    if not usable:
        return
    scan = scan_table(table, names, spec)
    findings.check("file is readable", None)
    findings.check("rows are whole", _ragged(scan, table))
    few = f"{scan.rows} rows, at least {spec.minimum_rows} are needed" if scan.rows < spec.minimum_rows else None
    findings.check("enough rows", few)
    for column in scan.columns:
        _check_column(findings, column, spec, limits, table.place_name)
    _check_classes(findings, scan, spec, limits)
    _check_duplicates(findings, table, [name for name in names if name != spec.id], scan.rows, limits)
    findings.report.update(rows=scan.rows, columns={column.name: column.statistics() for column in scan.columns})


def scan_table(table: Table, names: Sequence[str], spec: Dataset) -> Scan:
    """One pass over the rows. Raises DataError where the file cannot be read to its end."""
    declared = {column.name: column for column in spec.columns}
    columns = [ColumnScan(name, declared.get(name), unique=_is_unique(name, spec)) for name in names]
    scan = Scan(columns, names=list(names))
    rows = table.rows()
    while some := list(islice(rows, SCANNED_ROWS)):
        whole = [row for row in some if len(row.cells) == len(columns)]
        scan.rows += len(some)
        if len(whole) < len(some):
            first = next(row for row in some if len(row.cells) != len(columns))
            scan.first_ragged = scan.first_ragged if scan.ragged else (first.place, len(first.cells))
            scan.ragged += len(some) - len(whole)
        places = [row.place for row in whole]
        for column, cells in zip(columns, zip(*(row.cells for row in whole), strict=True), strict=False):
            column.add(places, cells)
    for column in columns:
        column.seen.clear()  # the next pass needs the memory
    return scan


def _is_unique(name: str, spec: Dataset) -> bool:
    return name == spec.id or any(column.name == name and column.unique for column in spec.columns)


def _check_names(findings: Findings, names: list[str], spec: Dataset, limits: Settings) -> bool:
    """Whether the columns' names let the rows be read at all; checks them against the declaration."""
    doubled = sorted({name for name in names if names.count(name) > 1})
    unnamed = [str(index + 1) for index, name in enumerate(names) if not name.strip()]
    wrong = (
        f"named twice: {_listed(doubled)}" if doubled else f"without a name: {_listed(unnamed)}" if unnamed else None
    )
    findings.check("columns have names", wrong)
    expected = [column.name for column in spec.columns]
    absent = [name for name in (*expected, *_roles(spec)) if name not in names]
    lacking = f"missing: {_listed(dict.fromkeys(absent))}{_separated(names)}"
    findings.check("columns are present", lacking if absent else None)
    extra = [name for name in names if name not in {*expected, *_roles(spec)}]
    if expected and limits.refuse_extra:
        findings.check("no other columns", f"not declared: {_listed(extra)}" if extra else None)
    if expected and limits.ordered and not absent:
        order = [name for name in names if name in expected]
        moved = next((name for name, other in zip(order, expected, strict=False) if name != other), None)
        findings.check("columns are in order", f"{shown(moved)} is not where it was declared" if moved else None)
    return wrong is None


def _separated(names: list[str]) -> str:
    """What a header of one cell says: the file is separated by something else."""
    other = next((mark for mark in (";", "|", "\t") if len(names) == 1 and mark in names[0]), None)
    return f"; its cells are separated by {other!r}, where .csv means ',' and .tsv a tab" if other else ""


def _roles(spec: Dataset) -> list[str]:
    return [name for name in (spec.target, spec.id) if name is not None]


def _listed(names: Sequence[str] | dict[str, None]) -> str:
    """The first names of a list, and how many more."""
    first = [shown(name) for name in list(names)[:5]]
    return ", ".join(first) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _ragged(scan: Scan, table: Table) -> str | None:
    if not scan.ragged:
        return None
    place, cells = scan.first_ragged
    return (
        f"{scan.ragged} of {scan.rows} rows do not have {len(scan.columns)} cells, "
        f"first at {table.place_name} {place} with {cells}"
    )


RULES = {
    "type": "is not {type}",
    "range": "is outside {range}",
    "values": "is not an allowed value",
    "unique": "is there twice",
}


def _check_column(findings: Findings, column: ColumnScan, spec: Dataset, limits: Settings, place_name: str) -> None:
    """The cases of one column: a rule has a case where it was declared."""
    declared = column.declared
    role = column.name in _roles(spec)
    if declared is None and not role and limits.missing >= 1:
        return
    allowed = declared.missing if declared else 0.0 if role else limits.missing
    share = column.missing_share
    gaps = f"{column.missing} of {column.rows} cells are empty ({share:.1%}), at most {allowed:.1%} may be"
    findings.check(f"column {column.name}: missing values", gaps if share > allowed else None)
    for rule in _rules(column):
        fault = column.faults.get(rule)
        failure = None
        if fault is not None:
            words = RULES[rule].format(type=_type_words(declared), range=_range_words(declared))
            first = f"{place_name} {fault.place}: {shown(fault.cell)} {words}"
            failure = first if fault.count == 1 else f"{first}; {fault.count} such cells"
        findings.check(f"column {column.name}: {rule}", failure)


def _rules(column: ColumnScan) -> list[str]:
    declared = column.declared
    rules = ["type"] if declared and declared.type not in (ColumnType.TEXT, ColumnType.CATEGORY) else []
    if declared and (declared.minimum is not None or declared.maximum is not None):
        rules.append("range")
    if declared and declared.values:
        rules.append("values")
    return [*rules, "unique"] if column.unique else rules


def _type_words(declared: Column | None) -> str:
    words = {
        ColumnType.NUMBER: "a finite number",
        ColumnType.INTEGER: "an integer",
        ColumnType.DATE: "an ISO 8601 date",
    }
    return words.get(declared.type, f"a {declared.type.value}") if declared else ""


def _range_words(declared: Column | None) -> str:
    if declared is None:
        return ""
    low = "-∞" if declared.minimum is None else f"{declared.minimum:g}"
    return f"{low} to {'∞' if declared.maximum is None else f'{declared.maximum:g}'}"


def _check_classes(findings: Findings, scan: Scan, spec: Dataset, limits: Settings) -> None:
    """The rarest class of the target against the limit; the report has the counts in any case."""
    target = scan.column(spec.target) if spec.target else None
    if target is None or limits.balance <= 0:
        return
    failure = None
    total = sum(target.counts.values())
    if target.capped:
        failure = f"the target {target.name} has more than {len(target.counts)} values: it is not a class"
    elif len(target.counts) < 2:
        failure = f"the target {target.name} has {'one class only' if total else 'no value at all'}"
    else:
        label, count = min(target.counts.items(), key=lambda item: (item[1], item[0]))
        if count < limits.balance * total:
            has = f"class {shown(label)} has {count} of {total} rows ({count / total:.1%})"
            failure = f"{has}, at least {limits.balance:.1%} are needed"
    findings.check("classes are balanced", failure)


def _check_duplicates(findings: Findings, table: Table, columns: list[str], rows: int, limits: Settings) -> None:
    if not columns:
        return
    _, repeats = first_places(table, columns)
    failure = None
    if repeats.count > limits.duplicates * rows:
        place = table.place_name
        failure = (
            f"{repeats.count} of {rows} rows repeat an earlier one, at most {limits.duplicates:.1%} may, "
            f"first {place} {repeats.place} repeats {place} {repeats.earlier}"
        )
    findings.check("no duplicate rows", failure)
    findings.report["duplicates"] = repeats.count
