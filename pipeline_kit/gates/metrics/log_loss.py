"""The log loss of predicted probabilities."""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING

from pipeline_kit.gates.metric import Direction, Metric, Score, Undefined, finite
from pipeline_kit.gates.task import Task

if TYPE_CHECKING:
    from pipeline_kit.gates.rows import Floats, Rows


def log_loss(given: Floats) -> Score:
    """Mean of -ln(probability given to the true class): 0 up, lower is better (Good, 1952).

    A true class that was given probability 0 makes it infinite: undefined, never clipped into a number. The sum is
    exactly rounded (`math.fsum`), so the order of the rows changes no bit of it.
    """
    import numpy

    if not len(given):
        return Undefined("no rows")
    if not given.all():
        count = int(numpy.count_nonzero(given == 0))
        return Undefined(f"it is infinite: {count} of {len(given)} rows gave their true class probability 0")
    return finite(0.0 - fsum(numpy.log(given).tolist()) / len(given), "the log loss")


def _compute(rows: Rows) -> Score:
    return log_loss(rows.true_probabilities)


LOG_LOSS = Metric(
    name="log_loss",
    direction=Direction.LOWER,
    minimum=0,
    maximum=None,
    tasks=frozenset({Task.BINARY, Task.MULTICLASS}),
    help="Mean of -ln(probability given to the true class).",
    compute=_compute,
    needs_probabilities=True,
)
