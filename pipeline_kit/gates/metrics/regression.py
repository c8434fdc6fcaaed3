"""Metrics of predicted numbers. Arrays are one-dimensional and finite; sums are exactly rounded (`math.fsum`)."""

from __future__ import annotations

from collections.abc import Callable
from math import fsum, inf, sqrt
from typing import TYPE_CHECKING

from pipeline_kit.gates.metric import Direction, Metric, Score, Undefined, finite
from pipeline_kit.gates.task import Task

if TYPE_CHECKING:
    from pipeline_kit.gates.rows import Floats, Rows


def mse(truth: Floats, predicted: Floats) -> Score:
    """Mean squared error, sum of (y - p)^2 / n: 0 up, lower is better (Gauss, 1821)."""
    return _mean(_squares(truth, predicted), "the mean squared error")


def mae(truth: Floats, predicted: Floats) -> Score:
    """Mean absolute error, sum of |y - p| / n: 0 up, lower is better."""
    import numpy

    with numpy.errstate(over="ignore"):
        distances = numpy.abs(truth - predicted)
    return _mean(distances.tolist(), "the mean absolute error")


def rmse(truth: Floats, predicted: Floats) -> Score:
    """Root of the mean squared error, in the target's unit: 0 up, lower is better."""
    return _root(mse(truth, predicted))


def r2(truth: Floats, predicted: Floats) -> Score:
    """R2 = 1 - sum of (y - p)^2 / sum of (y - mean)^2: at most 1, higher is better (Wright, 1921).

    0 is as good as always saying the mean. Undefined where the target does not vary, a single row included.
    """
    import numpy

    if not len(truth):
        return Undefined("no rows")
    if float(truth.min()) == float(truth.max()):
        return Undefined("the target is the same in all rows")
    residual = _sum(_squares(truth, predicted))
    mean = _sum(truth.tolist()) / len(truth)
    total = _sum(_squares(truth, numpy.full(len(truth), mean)))
    if total == 0.0:  # it underflows
        return Undefined("the target hardly varies")
    if total == inf:  # dividing by it would call any prediction perfect
        return Undefined("the target's variance is not a finite number")
    return finite(1.0 - residual / total, "R2")


def _squares(truth: Floats, predicted: Floats) -> list[float]:
    import numpy

    with numpy.errstate(over="ignore", invalid="ignore", under="ignore"):
        squares: list[float] = numpy.square(truth - predicted).tolist()
    return squares


def _sum(values: list[float]) -> float:
    try:
        return fsum(values)
    except OverflowError:  # a partial sum beyond the largest float
        return inf


def _mean(values: list[float], what: str) -> Score:
    return finite(_sum(values) / len(values), what) if values else Undefined("no rows")


def _root(value: Score) -> Score:
    return value if isinstance(value, Undefined) else sqrt(value)


def _mse(rows: Rows) -> Score:
    return mse(rows.truth, rows.predicted)


def _error(name: str, about: str, compute: Callable[[Rows], Score]) -> Metric:
    return Metric(name, Direction.LOWER, 0, None, frozenset({Task.REGRESSION}), about, compute)


MSE = _error("mse", "Mean squared error.", lambda rows: rows.once(_mse))
MAE = _error("mae", "Mean absolute error.", lambda rows: mae(rows.truth, rows.predicted))
RMSE = _error("rmse", "Square root of the mean squared error.", lambda rows: _root(rows.once(_mse)))
R2 = Metric(
    name="r2",
    direction=Direction.HIGHER,
    minimum=None,
    maximum=1,
    tasks=frozenset({Task.REGRESSION}),
    help="Share of the target's variance that is explained.",
    compute=lambda rows: r2(rows.truth, rows.predicted),
)
