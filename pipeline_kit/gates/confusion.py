"""The confusion matrix, and the order of class labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


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
