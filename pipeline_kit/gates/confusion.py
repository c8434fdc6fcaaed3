"""The confusion matrix, and the metrics that are read from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import fsum

from pipeline_kit.gates.metrics import Score, Undefined


@dataclass(frozen=True, slots=True)
class Counts:
    """One class against the rest: true and false positives, false and true negatives."""

    label: str
    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often each true class (a row) was predicted as each class (a column); `labels` orders both."""

    labels: tuple[str, ...]
    matrix: tuple[tuple[int, ...], ...]

    @property
    def rows(self) -> int:
        """How many rows were counted."""
        return sum(sum(row) for row in self.matrix)

    def counts(self, label: str) -> Counts:
        """The four counts of one class against the rest; a class that never occurred has no positives."""
        if label not in self.labels:
            return Counts(label, 0, 0, 0, self.rows)
        index = self.labels.index(label)
        hit = self.matrix[index][index]
        predicted = sum(row[index] for row in self.matrix)
        true = sum(self.matrix[index])
        return Counts(label, hit, predicted - hit, true - hit, self.rows - predicted - true + hit)


def confusion(truth: Sequence[str], predicted: Sequence[str]) -> Confusion:
    """The confusion matrix of labels; the classes are those that occur on either side, sorted."""
    pairs = Counter(zip(truth, predicted, strict=True))
    labels = sort_labels({*truth, *predicted})
    return Confusion(labels, tuple(tuple(pairs[true, guess] for guess in labels) for true in labels))


def sort_labels(labels: set[str]) -> tuple[str, ...]:
    """Labels in reading order: by number where all of them are whole numbers, else by text."""
    if all(label.removeprefix("-").isdecimal() for label in labels):
        return tuple(sorted(labels, key=lambda label: (int(label), label)))
    return tuple(sorted(labels))


def accuracy(table: Confusion) -> Score:
    """Share of right predictions, (TP + TN) / all: 0 to 1, higher is better."""
    right = sum(table.matrix[index][index] for index in range(len(table.labels)))
    return _ratio(right, table.rows, "there are no rows")


def precision(counts: Counts) -> Score:
    """P = TP / (TP + FP): 0 to 1, higher is better (van Rijsbergen, Information Retrieval, 1979, chapter 7)."""
    predicted = counts.true_positive + counts.false_positive
    return _ratio(counts.true_positive, predicted, f"no row was predicted as {counts.label!r}")


def recall(counts: Counts) -> Score:
    """R = TP / (TP + FN): 0 to 1, higher is better (van Rijsbergen, Information Retrieval, 1979, chapter 7)."""
    true = counts.true_positive + counts.false_negative
    return _ratio(counts.true_positive, true, f"no row is of class {counts.label!r}")


def f1(counts: Counts) -> Score:
    """F1 = 2PR / (P + R), the harmonic mean: 0 to 1, higher is better.

    Counted as 2TP / (2TP + FP + FN), which is the same wherever P and R have values, and 0 where
    positives were there and none was found. Undefined only if the class occurs on neither side.
    """
    hits = 2 * counts.true_positive
    total = hits + counts.false_positive + counts.false_negative
    return _ratio(hits, total, f"no row is of class {counts.label!r} and none was predicted as it")


def macro(metric: Callable[[Counts], Score], table: Confusion) -> Score:
    """The plain mean of a metric over the classes that occur on either side; undefined if it is for any of them."""
    values = []
    for label in table.labels:
        value = metric(table.counts(label))
        if isinstance(value, Undefined):
            return value
        values.append(value)
    return fsum(values) / len(values) if values else Undefined("there are no rows")


def _ratio(part: int, whole: int, otherwise: str) -> Score:
    return part / whole if whole else Undefined(otherwise)
