"""The Brier score of predicted probabilities. Sums are exactly rounded (`math.fsum`)."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum
from typing import TYPE_CHECKING

from pipeline_kit.gates.metric import Direction, Metric, Score, Undefined, finite
from pipeline_kit.gates.task import Task

if TYPE_CHECKING:
    from pipeline_kit.gates.rows import Booleans, Floats, Rows


def brier(hits: Booleans, probability: Floats) -> Score:
    """Mean of (probability - outcome)^2: 0 to 1, lower is better (Brier, 1950, the half form for two classes)."""
    import numpy

    if not len(hits):
        return Undefined("no rows")
    return finite(fsum(numpy.square(probability - hits).tolist()) / len(hits), "the Brier score")


def brier_multiclass(truth: Sequence[str], labels: Sequence[str], probabilities: Floats) -> Score:
    """Mean over rows of the sum over classes of (probability - outcome)^2: 0 to 2, lower is better (Brier, 1950)."""
    import numpy

    if not len(truth):
        return Undefined("no rows")
    outcomes = numpy.asarray(truth, dtype=object)[:, None] == numpy.asarray(labels, dtype=object)[None, :]
    return finite(fsum(numpy.square(probabilities - outcomes).ravel().tolist()) / len(truth), "the Brier score")


def _compute(rows: Rows) -> Score:
    if rows.task is Task.BINARY:
        return brier(rows.hits, rows.positive_probabilities)
    return brier_multiclass(rows.truth.tolist(), rows.labels, rows.class_probabilities)


BRIER = Metric(
    name="brier",
    direction=Direction.LOWER,
    minimum=0,
    maximum=2,
    tasks=frozenset({Task.BINARY, Task.MULTICLASS}),
    help="Mean squared error of the probabilities.",
    compute=_compute,
    needs_probabilities=True,
)
