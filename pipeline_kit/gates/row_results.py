"""One model's results on a dataset row by row, as a file; and the results of two models on the same rows.

The file is CSV in the dataset's order, one row a line: `id`, `truth`, `prediction`, a `probability_CLASS` for each
class that has some, and a `slice_COLUMN` for each column that is sliced by. The same results give the same bytes.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import zip_longest
from pathlib import Path

from pipeline_kit.contract.digest import digest_file
from pipeline_kit.errors import DataError
from pipeline_kit.gates.predictions import Predicted, Truth
from pipeline_kit.gates.tables import DAMAGED, csv_rows

FIXED = ("id", "truth", "prediction")
PROBABILITY = "probability_"
SLICE = "slice_"


@dataclass(frozen=True, slots=True)
class RowResult:
    """One row: its id, what is true, what was predicted, by class the probabilities, by column the slices' values."""

    id: str
    truth: str
    prediction: str
    probabilities: Mapping[str, float] = field(default_factory=dict)
    slices: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PairedRow:
    """The results of both models on the same row."""

    candidate: RowResult
    baseline: RowResult

    @property
    def id(self) -> str:
        """The row's id."""
        return self.candidate.id

    @property
    def truth(self) -> str:
        """What is true of it."""
        return self.candidate.truth


def write_row_results(target: Path, truth: Truth, predicted: Predicted) -> str:
    """Writes the results of joined predictions to `target`, and returns the file's digest."""
    chances = predicted.probabilities or {}
    header = [*FIXED, *(PROBABILITY + label for label in chances), *(SLICE + column for column in truth.slices)]
    predictions: Sequence[str | float] = predicted.labels or predicted.numbers
    columns = (truth.ids, truth.targets, predictions, *chances.values(), *truth.slices.values())
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)  # RFC 4180: with its line ends, every Python quotes the same cells
        writer.writerow(header)
        writer.writerows(zip(*columns, strict=True))  # a float is written as its repr: it is read as the same number
    return digest_file(target)


@dataclass(frozen=True, slots=True)
class RowFile:
    """A file of row results, and the digest that its model's evidence has for it."""

    path: Path
    digest: str

    def rows(self) -> Iterator[RowResult]:
        """Its rows, read one by one. Raises DataError at the first that is not one."""
        lines = csv_rows(self.path, self.path.name)
        _, header = next(lines, (0, []))
        if tuple(header[:3]) != FIXED:
            raise DataError(f"{self.path.name} is not a file of row results")
        chances = {name.removeprefix(PROBABILITY): at for at, name in enumerate(header) if name.startswith(PROBABILITY)}
        slices = {name.removeprefix(SLICE): at for at, name in enumerate(header) if name.startswith(SLICE)}
        for _, cells in lines:
            probabilities = {label: float(cells[at]) for label, at in chances.items()}
            values = {column: cells[at] for column, at in slices.items()}
            yield RowResult(cells[0], cells[1], cells[2], probabilities, values)


@dataclass(frozen=True)
class PairedRows:
    """Two models' results on the same rows, all of a dataset or one value of a slice; read anew by each iteration.

    They are verified before a rule is given them: digests, ids, truth and slices are the same on both sides.
    """

    candidate: RowFile
    baseline: RowFile
    column: str | None = None
    value: str | None = None

    def __iter__(self) -> Iterator[PairedRow]:
        pairs = zip(self.candidate.rows(), self.baseline.rows(), strict=True)
        for ours, theirs in pairs:
            if self.column is None or ours.slices[self.column] == self.value:
                yield PairedRow(ours, theirs)

    def where(self, column: str, value: str) -> PairedRows:
        """The rows with that value of a slice's column."""
        return replace(self, column=column, value=value)

    @cached_property
    def verified(self) -> Verified:
        """What reading both files once shows; nothing is read before this is called."""
        try:
            for whose, file in (("the model's", self.candidate), ("the baseline's", self.baseline)):
                if digest_file(file.path) != file.digest:
                    return Verified(f"{whose} row results are not those that it was evaluated with")
            return _compare(self.candidate.rows(), self.baseline.rows())
        except DataError as error:
            return Verified(f"the row results cannot be read: {error.message}")
        except DAMAGED as error:
            return Verified(f"the row results cannot be read: {type(error).__name__}")


@dataclass(frozen=True, slots=True)
class Verified:
    """Why two files cannot be compared, or how many rows they have: in all, and by a slice's column and value."""

    problem: str | None = None
    rows: int = 0
    slices: Mapping[tuple[str, str], int] = field(default_factory=dict)


def _compare(candidate: Iterator[RowResult], baseline: Iterator[RowResult]) -> Verified:
    rows = 0
    slices: Counter[tuple[str, str]] = Counter()
    for ours, theirs in zip_longest(candidate, baseline):
        if ours is None or theirs is None:
            return Verified("the model and the baseline have another number of row results")
        if ours.id != theirs.id:
            return Verified(f"the row results are of other ids: {ours.id[:40]!r} and {theirs.id[:40]!r}")
        if (ours.truth, ours.slices) != (theirs.truth, theirs.slices):
            return Verified(f"the row results have another truth for the id {ours.id[:40]!r}")
        rows += 1
        slices.update(ours.slices.items())
    return Verified(None, rows, slices)


@dataclass(frozen=True, slots=True)
class RowFolders:
    """Where the candidate's and the baseline's row results are: a file `NAME.csv` for each dataset."""

    candidate: Path
    baseline: Path

    def pair(self, dataset: str, candidate: str, baseline: str) -> PairedRows:
        """The two files of a dataset, each with the digest that its model's evidence has for it."""
        name = file_name(dataset)
        return PairedRows(RowFile(self.candidate / name, candidate), RowFile(self.baseline / name, baseline))


def file_name(dataset: str) -> str:
    """The name of a dataset's file of row results."""
    return f"{dataset}.csv"
