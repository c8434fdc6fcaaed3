"""Reads the measurements, cleans them, and scales them by what the training rows say."""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

TARGET = "diagnosis"
IDENTIFIER = "id"
NOT_FEATURES = (IDENTIFIER, TARGET, "size")  # `size` is a band of the mean radius, to look at results by


@dataclass(frozen=True)
class Table:
    """Rows of measurements: `values` is rows x features, float64; `diagnoses` is empty where they are unknown."""

    identifiers: tuple[str, ...]
    features: tuple[str, ...]
    values: np.ndarray
    diagnoses: tuple[str, ...]

    def columns(self, features: Sequence[str]) -> np.ndarray:
        """The values of these features, in this order. Raises ValueError naming the first that is not there."""
        for name in features:
            if name not in self.features:
                raise ValueError(f"the data has no column {name!r}")
        return np.ascontiguousarray(self.values[:, [self.features.index(name) for name in features]])


@dataclass(frozen=True)
class Scaling:
    """What makes each feature's training rows have mean 0 and standard deviation 1."""

    features: tuple[str, ...]
    means: np.ndarray
    scales: np.ndarray

    @classmethod
    def fitted(cls, table: Table) -> "Scaling":
        """The scaling of these rows; a feature that never changes keeps its unit."""
        deviations = table.values.std(axis=0)
        return cls(table.features, table.values.mean(axis=0), np.where(deviations > 0, deviations, 1.0))

    def apply(self, table: Table) -> np.ndarray:
        """Scaled values, rows x features: what training learns from and what prediction is made of."""
        return (table.columns(self.features) - self.means) / self.scales


def load(path: Path) -> Table:
    """The rows of a CSV file. Raises ValueError, with the line, for a cell that is not a number."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return table_of(rows, lambda number: f"{path.name}, line {number + 2}")


def table_of(rows: Sequence[Mapping[str, object]], place: Callable[[int], str] = "row {}".format) -> Table:
    """The table of rows that a file or a request has; `place` is the place of a row.

    Cells are texts of a file or numbers of a request: the same figure is the same float64. Raises ValueError, with
    the place, for a cell that is not a number.
    """
    features = tuple(name for name in (rows[0] if rows else {}) if name not in NOT_FEATURES)
    values = np.empty((len(rows), len(features)))
    for number, row in enumerate(rows):
        for column, name in enumerate(features):
            try:
                values[number, column] = float(row.get(name))
            except (TypeError, ValueError):
                raise ValueError(f"{place(number)}: {name} is {row.get(name)!r}, not a number") from None
    identifiers = tuple(str(row.get(IDENTIFIER, number)) for number, row in enumerate(rows))
    return Table(identifiers, features, values, tuple(str(row[TARGET]) for row in rows if TARGET in row))


def clean(table: Table) -> Table:
    """The rows that can be learned from: finite, and each set of measurements once."""
    kept: dict[tuple[float, ...], int] = {}
    for number in np.flatnonzero(np.isfinite(table.values).all(axis=1)).tolist():
        kept.setdefault(tuple(table.values[number].tolist()), number)
    rows = sorted(kept.values())
    return Table(
        tuple(table.identifiers[number] for number in rows),
        table.features,
        table.values[rows],
        tuple(table.diagnoses[number] for number in rows),
    )
