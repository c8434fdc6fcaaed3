"""One column, a cell at a time: what it holds, and the first cell that is not what was declared."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pipeline_kit.descriptor.model import Column, ColumnType
from pipeline_kit.descriptor.parameter import Value

DISTINCT_LIMIT = 1000
"""Distinct values are counted up to here: enough to see a category, bounded for free text."""
COUNTED_LIMIT = 50
"""A column with at most so many distinct values has their counts in the report."""
SHOWN_CHARACTERS = 40

INTEGER = re.compile(r"[+-]?[0-9]+")
BOOLEANS = {"true", "false", "0", "1"}


def shown(cell: str) -> str:
    """A cell as a message may show it: quoted, and no longer than a glance."""
    return repr(cell if len(cell) <= SHOWN_CHARACTERS else cell[: SHOWN_CHARACTERS - 1] + "…")


def as_number(cell: str) -> float | None:
    """The finite number that a cell is, or None. Python's own extras (`1_000`, `nan`, other digits) are not numbers."""
    if not cell.isascii() or cell[:1].isalpha():  # an exception costs ten times what looking costs
        return None
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in cell else None


def _is_date(cell: str) -> bool:
    try:
        datetime.fromisoformat(cell)
    except ValueError:
        return False
    return True


READS: dict[ColumnType, Callable[[str], bool]] = {
    ColumnType.NUMBER: lambda cell: as_number(cell) is not None,
    ColumnType.INTEGER: lambda cell: INTEGER.fullmatch(cell) is not None,
    ColumnType.BOOLEAN: lambda cell: cell.lower() in BOOLEANS,
    ColumnType.DATE: _is_date,
    ColumnType.CATEGORY: lambda cell: True,
    ColumnType.TEXT: lambda cell: True,
}


@dataclass(slots=True)
class Fault:
    """Cells that break one rule: how many, and the first one with its place."""

    count: int = 0
    place: int = 0
    cell: str = ""

    def add(self, place: int, cell: str, count: int = 1) -> None:
        """Counts a cell that occurs so many times, first at that place."""
        if not self.count:
            self.place, self.cell = place, cell
        self.count += count


@dataclass(slots=True)
class ColumnScan:
    """What a column holds; `faults` by rule: type, range, values, unique."""

    name: str
    declared: Column | None = None
    unique: bool = False
    rows: int = 0
    missing: int = 0
    numbers: int = 0
    minimum: float = math.inf
    maximum: float = -math.inf
    mean: float = 0.0
    spread: float = 0.0  # sum of squared distances from the mean: Welford, Technometrics 4 (1962)
    counts: dict[str, int] = field(default_factory=dict)
    capped: bool = False
    seen: set[str] = field(default_factory=set)
    faults: dict[str, Fault] = field(default_factory=dict)

    def add(self, places: Sequence[int], cells: Iterable[str]) -> None:
        """Reads the column's next cells, each of another row; what repeats among them is looked at once."""
        texts = [cell.strip() for cell in cells]
        self.rows += len(texts)
        if self.unique:
            self._remember(places, texts)
        for cell, count in Counter(texts).items():  # in the order of their first places
            if not cell:
                self.missing += count
                continue
            self._count(cell, count)
            number = as_number(cell)
            if number is not None:
                self._measure(number, count)
            for rule in self._broken(cell, number):
                self.faults.setdefault(rule, Fault()).add(places[texts.index(cell)], cell, count)

    def _count(self, cell: str, count: int) -> None:
        before = self.counts.get(cell)
        if before is not None:
            self.counts[cell] = before + count
        elif len(self.counts) < DISTINCT_LIMIT:
            self.counts[cell] = count
        else:
            self.capped = True

    def _measure(self, number: float, count: int) -> None:
        self.numbers += count
        distance = number - self.mean
        self.mean += distance * count / self.numbers
        self.spread += distance * (number - self.mean) * count
        if not self.minimum <= number <= self.maximum:
            self.minimum, self.maximum = min(self.minimum, number), max(self.maximum, number)

    def _remember(self, places: Sequence[int], texts: Sequence[str]) -> None:
        for place, cell in zip(places, texts, strict=True):
            if cell in self.seen:
                self.faults.setdefault("unique", Fault()).add(place, cell)
            elif cell:
                self.seen.add(cell)

    def _broken(self, cell: str, number: float | None) -> Iterator[str]:
        """The declared rules that a cell breaks."""
        declared = self.declared
        if declared is None:
            return
        if not (number is not None if declared.type is ColumnType.NUMBER else READS[declared.type](cell)):
            yield "type"
        elif number is not None and not _inside(number, declared):
            yield "range"
        if declared.values and cell not in declared.values:
            yield "values"

    @property
    def numeric(self) -> bool:
        """Whether every cell that is not empty is a finite number."""
        return self.numbers > 0 and self.numbers == self.rows - self.missing

    @property
    def missing_share(self) -> float:
        """The share of empty cells; 0 without rows."""
        return self.missing / self.rows if self.rows else 0.0

    def statistics(self) -> dict[str, Value]:
        """The column for the report; `type` is the declared one, else number or text by what it holds."""
        result = "number" if self.numeric else "text"
        record: dict[str, Value] = {
            "type": self.declared.type.value if self.declared else result,
            "declared": self.declared is not None,
            "missing": self.missing,
            "distinct": len(self.counts),
            "distinct_capped": self.capped,
        }
        if self.numeric:
            deviation = math.sqrt(self.spread / self.numbers)
            numbers = {"min": self.minimum, "max": self.maximum, "mean": self.mean, "deviation": deviation}
            record.update({name: value for name, value in numbers.items() if math.isfinite(value)})
        if len(self.counts) <= COUNTED_LIMIT and not self.capped:
            record["counts"] = dict(sorted(self.counts.items()))
        return record


def _inside(number: float, declared: Column) -> bool:
    below = declared.minimum is not None and number < declared.minimum
    above = declared.maximum is not None and number > declared.maximum
    return not below and not above
