"""The expected calibration error of predicted probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum
from typing import TYPE_CHECKING

from pipeline_kit.gates.metric import Direction, Metric, Score, Undefined
from pipeline_kit.gates.task import Task

if TYPE_CHECKING:
    from pipeline_kit.gates.curves import Bin
    from pipeline_kit.gates.rows import Rows


def calibration_error(curve: Sequence[Bin]) -> Score:
    """Expected calibration error, the sum of (bin's share of rows) * |observed - predicted|: 0 to 1, lower is better.

    Naeini, Cooper and Hauskrecht, AAAI 2015, for the positive class of two; for more classes the probability
    is that of the predicted class and it held where the prediction is right (Guo et al., ICML 2017).
    """
    rows = sum(bin_.rows for bin_ in curve)
    if not rows:
        return Undefined("no rows")
    return fsum(bin_.rows / rows * abs(bin_.held - bin_.said) for bin_ in curve)


def _compute(rows: Rows) -> Score:
    return calibration_error(rows.calibration)


ECE = Metric(
    name="ece",
    direction=Direction.LOWER,
    minimum=0,
    maximum=1,
    tasks=frozenset({Task.BINARY, Task.MULTICLASS}),
    help="Expected calibration error over bins of equal width.",
    compute=_compute,
    needs_probabilities=True,
)
