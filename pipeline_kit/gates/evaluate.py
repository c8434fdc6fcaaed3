"""Scores of predictions: one evaluator for the candidate and for the baseline, overall and by slice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.errors import DataError
from pipeline_kit.gates import classification, confusion, regression
from pipeline_kit.gates.confusion import Confusion, sort_labels
from pipeline_kit.gates.metrics import Score, Task, Undefined, metrics_of
from pipeline_kit.gates.predictions import Predicted, Truth, true_numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_SLICES = 200
MOST_CURVES = 20
NO_PROBABILITIES = Undefined("the predictions have no probabilities")


@dataclass(frozen=True, slots=True)
class Scores:
    """Metrics of some rows: those with a value, and for the others why they have none."""

    rows: int
    metrics: Mapping[str, float]
    undefined: Mapping[str, str]
    confusion: Confusion | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A dataset's scores: overall, by slice (column, then value), and the points of curves for a report."""

    overall: Scores
    slices: Mapping[str, Mapping[str, Scores]] = field(default_factory=dict)
    curves: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Rows:
    """The judged rows as arrays; a part of them is taken by a mask."""

    truth: NDArray[Any]
    guess: NDArray[Any]
    labels: tuple[str, ...] = ()
    probabilities: NDArray[Any] | None = None  # a column a label; for two classes one, of the positive

    def part(self, mask: NDArray[Any]) -> _Rows:
        chances = self.probabilities[mask] if self.probabilities is not None else None
        return _Rows(self.truth[mask], self.guess[mask], self.labels, chances)


def score(truth: Truth, predicted: Predicted, *, task: Task, positive: str = "1", bins: int = 10) -> Evaluation:
    """The scores of joined predictions, overall and for every value of every slice column of the truth.

    Raises DataError where a slice column has more than 200 values: that is no slice but an id.
    """
    import numpy

    rows = _rows(truth, predicted, task, positive)
    slices: dict[str, dict[str, Scores]] = {}
    for column, cells in truth.slices.items():
        values = sort_labels(set(cells))
        if len(values) > MOST_SLICES:
            raise DataError(
                f"{truth.table.label}: column {column!r} has {len(values)} values, too many to slice by",
                hint=f"slice by a column of at most {MOST_SLICES} values",
            )
        array = numpy.asarray(cells, dtype=object)
        slices[column] = {value: _scores(rows.part(array == value), task, positive, bins) for value in values}
    return Evaluation(_scores(rows, task, positive, bins), slices, _curves(rows, task, positive, bins))


def _rows(truth: Truth, predicted: Predicted, task: Task, positive: str) -> _Rows:
    import numpy

    if task is Task.REGRESSION:
        return _Rows(numpy.asarray(true_numbers(truth)), numpy.asarray(predicted.numbers))
    chances = predicted.probabilities
    labels: tuple[str, ...] = ()
    columns = None
    if chances is not None:
        labels = (positive,) if task is Task.BINARY else sort_labels(set(chances))
        columns = numpy.column_stack([numpy.asarray(chances[label]) for label in labels])
    targets = numpy.asarray(truth.targets, dtype=object)
    return _Rows(targets, numpy.asarray(predicted.labels, dtype=object), labels, columns)


def _scores(rows: _Rows, task: Task, positive: str, bins: int) -> Scores:
    table = None if task is Task.REGRESSION else confusion.confusion(rows.truth.tolist(), rows.guess.tolist())
    if table is None:
        values = _of_numbers(rows)
    elif task is Task.BINARY:
        values = _of_two(table, rows, positive, bins)
    else:
        values = _of_many(table, rows, bins)
    ordered = [(name, values[name]) for name in metrics_of(task)]
    metrics = {name: value for name, value in ordered if not isinstance(value, Undefined)}
    undefined = {name: value.reason for name, value in ordered if isinstance(value, Undefined)}
    return Scores(len(rows.truth), metrics, undefined, table)


def _of_numbers(rows: _Rows) -> dict[str, Score]:
    functions = {"mse": regression.mse, "mae": regression.mae, "rmse": regression.rmse, "r2": regression.r2}
    return {name: function(rows.truth, rows.guess) for name, function in functions.items()}


def _of_two(table: Confusion, rows: _Rows, positive: str, bins: int) -> dict[str, Score]:
    import numpy

    counts = table.counts(positive)
    values: dict[str, Score] = {
        "accuracy": confusion.accuracy(table),
        "precision": confusion.precision(counts),
        "recall": confusion.recall(counts),
        "f1": confusion.f1(counts),
    }
    if rows.probabilities is None:
        return values | dict.fromkeys(("roc_auc", "log_loss", "brier", "ece"), NO_PROBABILITIES)
    hits, chance = rows.truth == positive, rows.probabilities[:, 0]
    return values | {
        "roc_auc": classification.roc_auc(hits, chance),
        "log_loss": classification.log_loss(numpy.where(hits, chance, 1.0 - chance)),
        "brier": classification.brier(hits, chance),
        "ece": classification.calibration_error(classification.calibration(hits, chance, bins)),
    }


def _of_many(table: Confusion, rows: _Rows, bins: int) -> dict[str, Score]:
    values: dict[str, Score] = {
        "accuracy": confusion.accuracy(table),
        "precision": confusion.macro(confusion.precision, table),
        "recall": confusion.macro(confusion.recall, table),
        "f1": confusion.macro(confusion.f1, table),
    }
    if rows.probabilities is None:
        return values | dict.fromkeys(("roc_auc", "log_loss", "brier", "ece"), NO_PROBABILITIES)
    truth = rows.truth.tolist()
    return values | {
        "roc_auc": classification.roc_auc_ovr(truth, rows.labels, rows.probabilities),
        "log_loss": classification.log_loss(_given(rows, truth)),
        "brier": classification.brier_multiclass(truth, rows.labels, rows.probabilities),
        "ece": classification.calibration_error(_calibration(rows, bins)),
    }


def _given(rows: _Rows, labels: Sequence[str]) -> Any:
    """The probability that each row gave to the label that stands for it in `labels`."""
    import numpy

    places = {label: index for index, label in enumerate(rows.labels)}
    columns = numpy.asarray([places[label] for label in labels], dtype=int)
    chances: Any = rows.probabilities
    return chances[numpy.arange(len(columns)), columns]


def _calibration(rows: _Rows, bins: int) -> tuple[classification.Bin, ...]:
    confidence = _given(rows, rows.guess.tolist())
    return classification.calibration(rows.truth == rows.guess, confidence, bins)


def _curves(rows: _Rows, task: Task, positive: str, bins: int) -> dict[str, Value]:
    """The ROC curve of each class (at most 200 points, at most 20 classes) and the calibration bins."""
    if task is Task.REGRESSION or rows.probabilities is None:
        return {}
    roc: dict[str, Value] = {}
    for index, label in enumerate(rows.labels[:MOST_CURVES]):
        points = classification.roc_curve(rows.truth == label, rows.probabilities[:, index])
        roc[label] = [[x, y] for x, y in points]
    if task is Task.BINARY:
        curve = classification.calibration(rows.truth == positive, rows.probabilities[:, 0], bins)
    else:
        curve = _calibration(rows, bins)
    filled: list[Value] = [
        {"lower": each.lower, "upper": each.upper, "rows": each.rows, "said": each.said, "held": each.held}
        for each in curve
    ]
    return {"roc": roc, "calibration": filled}
