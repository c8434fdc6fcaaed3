"""Scores of predictions: one evaluator for the candidate and for the baseline, overall and by slice."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real

from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.errors import DataError
from pipeline_kit.extensions import NO_PLUGINS, Plugins
from pipeline_kit.gates.confusion import Confusion, sort_labels
from pipeline_kit.gates.curves import roc_curve
from pipeline_kit.gates.metric import Metric, Score, Undefined
from pipeline_kit.gates.metrics import metrics_of
from pipeline_kit.gates.predictions import Predicted, Truth
from pipeline_kit.gates.rows import Rows, join
from pipeline_kit.gates.task import Task
from pipeline_kit.gates.wording import one_line

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
    """A dataset's scores: overall, by slice (column, then value), and the points of curves for a report.

    `row_results` is the digest of the file that keeps them row by row, where one was written.
    """

    overall: Scores
    slices: Mapping[str, Mapping[str, Scores]] = field(default_factory=dict)
    curves: Mapping[str, Value] = field(default_factory=dict)
    row_results: str | None = None


def score(
    truth: Truth,
    predicted: Predicted,
    *,
    task: Task,
    positive: str = "1",
    bins: int = 10,
    plugins: Plugins = NO_PLUGINS,
) -> Evaluation:
    """The scores of joined predictions, overall and for every value of every slice column of the truth.

    Raises DataError where a slice column has more than 200 values: that is an id, not a slice.
    """
    import numpy

    metrics = metrics_of(task, plugins)
    rows = join(truth, predicted, task=task, positive=positive, bins=bins)
    slices: dict[str, dict[str, Scores]] = {}
    for column, cells in truth.slices.items():
        values = sort_labels(set(cells))
        if len(values) > MOST_SLICES:
            raise DataError(
                f"{truth.table.label}: column {column!r} has {len(values)} values, too many to slice by",
                hint=f"slice by a column of at most {MOST_SLICES} values",
            )
        array = numpy.asarray(cells, dtype=object)
        slices[column] = {value: _scores(rows.part(array == value), metrics) for value in values}
    return Evaluation(_scores(rows, metrics), slices, _curves(rows))


def _scores(rows: Rows, metrics: Sequence[Metric]) -> Scores:
    scores = {metric.name: measure(metric, rows) for metric in metrics}
    values = {name: score for name, score in scores.items() if not isinstance(score, Undefined)}
    undefined = {name: score.reason for name, score in scores.items() if isinstance(score, Undefined)}
    return Scores(len(rows), values, undefined, None if rows.task is Task.REGRESSION else rows.confusion)


def measure(metric: Metric, rows: Rows) -> Score:
    """The metric of these rows: a finite number, or undefined with the reason, an exception included."""
    if metric.compute is None:
        return Undefined("it is not computed from rows")
    if metric.needs_probabilities and rows.probabilities is None:
        return NO_PROBABILITIES
    try:
        value: object = metric.compute(rows)
        number = math.nan if isinstance(value, bool) or not isinstance(value, Real) else float(value)
    except Exception as error:  # of a plugin: no number, whatever it was
        return Undefined(one_line(f"its computation raised {type(error).__name__}: {error}"))
    if isinstance(value, Undefined):
        return value
    if not math.isfinite(number):
        return Undefined(one_line(f"its computation returned {value!r}, not a finite number"))
    return number


def _curves(rows: Rows) -> dict[str, Value]:
    """The ROC curve of each class (at most 200 points, at most 20 classes) and the calibration bins."""
    if rows.task is Task.REGRESSION or rows.probabilities is None:
        return {}
    roc: dict[str, Value] = {}
    for index, label in enumerate(rows.labels[:MOST_CURVES]):
        points = roc_curve(rows.truth == label, rows.probabilities[:, index])
        roc[label] = [[x, y] for x, y in points]
    filled: list[Value] = [
        {"lower": item.lower, "upper": item.upper, "rows": item.rows, "said": item.said, "held": item.held}
        for item in rows.calibration
    ]
    return {"roc": roc, "calibration": filled}
