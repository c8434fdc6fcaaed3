"""Documents that are shown as a table: one that a stage has written as such, and a list of findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.frozen import frozen
from pipeline_kit.report.json_values import list_of, mapping_of, number_of, text_of
from pipeline_kit.report.quantities import figure

ROWS_KEPT = 200
COLUMNS_KEPT = 20
FINDING_COLUMNS = ("Status", "Rule", "Severity", "Place", "Message")


@frozen
class Table:
    """A table of a job: every cell as text, and how many rows are left out."""

    title: str
    job: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left_out: int = 0

    @property
    def heading(self) -> str:
        """The title and the job, such as "Sizes: export"."""
        return f"{self.title}: {self.job}"

    def first(self, count: int) -> tuple[tuple[tuple[str, ...], ...], int]:
        """At most so many rows, and how many are left out then."""
        return self.rows[:count], self.left_out + max(0, len(self.rows) - count)


def table_of(document: Value, title: str, job: str) -> Table | None:
    """The table in `{"columns": [...], "rows": [{column: cell}]}`, or `None` where it has no rows.

    Without `columns` these are the rows' keys, in the order in which they first occur.
    """
    top = mapping_of(document)
    rows = [row for row in map(mapping_of, list_of(top.get("rows"))) if row]
    columns = [text_of(column) for column in list_of(top.get("columns"))] or names_of(rows)
    columns = list(dict.fromkeys(columns))[:COLUMNS_KEPT]
    if not rows or not columns:
        return None
    cells = tuple(tuple(cell_of(row.get(column)) for column in columns) for row in rows[:ROWS_KEPT])
    return Table(title, job, tuple(columns), cells, max(0, len(rows) - ROWS_KEPT))


def findings_table(document: Value, title: str, job: str) -> Table | None:
    """The findings in `{"findings": [...]}`, those that block first, or `None`.

    A finding has `rule`, `severity`, `path`, `line`, `message`, `blocks` and `allowed`, as those of the stage scan.
    """
    entries = [entry for entry in map(mapping_of, list_of(mapping_of(document).get("findings"))) if entry]
    if not entries:
        return None
    ordered = sorted(entries, key=lambda entry: (entry.get("blocks") is not True, entry.get("allowed") is not None))
    rows = tuple(finding_row(entry) for entry in ordered[:ROWS_KEPT])
    return Table(title, job, FINDING_COLUMNS, rows, max(0, len(entries) - ROWS_KEPT))


def finding_row(entry: Mapping[str, Value]) -> tuple[str, ...]:
    """The cells of a finding."""
    allowed = entry.get("allowed")
    status = "blocks" if entry.get("blocks") is True else "allowed" if allowed is not None else "reported"
    line = entry.get("line")
    place = text_of(entry.get("path")) + (f":{line}" if isinstance(line, int) and line else "")
    return status, text_of(entry.get("rule")), text_of(entry.get("severity")), place, text_of(entry.get("message"))


def names_of(rows: Sequence[Mapping[str, Value]]) -> list[str]:
    """Every key of the rows, in the order in which they first occur."""
    return [str(name) for name in dict.fromkeys(name for row in rows for name in row)]


def cell_of(value: Value) -> str:
    """A cell as text: whole numbers as they are, others as figures."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    number = number_of(value)
    return text_of(value) if number is None or isinstance(value, int) else figure(number)
