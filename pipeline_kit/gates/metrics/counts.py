"""Metrics that are read from the confusion matrix: accuracy, precision, recall and F1.

For two classes they are of the positive one, for more the plain mean over the classes.
"""

from __future__ import annotations

from collections.abc import Callable
from math import fsum
from typing import TYPE_CHECKING

from pipeline_kit.gates.metric import Direction, Metric, Score, Undefined
from pipeline_kit.gates.task import Task

if TYPE_CHECKING:
    from pipeline_kit.gates.confusion import Confusion, Counts
    from pipeline_kit.gates.rows import Rows

CLASSES = frozenset({Task.BINARY, Task.MULTICLASS})


def accuracy(table: Confusion) -> Score:
    """Share of right predictions, (TP + TN) / all: 0 to 1, higher is better."""
    right = sum(table.matrix[index][index] for index in range(len(table.labels)))
    return _ratio(right, table.rows, "no rows")


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
    return fsum(values) / len(values) if values else Undefined("no rows")


def _ratio(part: int, whole: int, otherwise: str) -> Score:
    return part / whole if whole else Undefined(otherwise)


def _of_class(metric: Callable[[Counts], Score]) -> Callable[[Rows], Score]:
    def compute(rows: Rows) -> Score:
        return metric(rows.counts) if rows.task is Task.BINARY else macro(metric, rows.confusion)

    return compute


def _accuracy(rows: Rows) -> Score:
    return accuracy(rows.confusion)


def _metric(name: str, about: str, compute: Callable[[Rows], Score]) -> Metric:
    return Metric(name, Direction.HIGHER, 0, 1, CLASSES, about, compute)


ACCURACY = _metric("accuracy", "Share of rows that are predicted right.", _accuracy)
PRECISION = _metric("precision", "Of what was predicted as a class, the share that is of it.", _of_class(precision))
RECALL = _metric("recall", "Of what is of a class, the share that was predicted as it.", _of_class(recall))
F1 = _metric("f1", "Harmonic mean of precision P and recall R: 2PR/(P+R).", _of_class(f1))
