"""Metrics of predicted probabilities. Arrays are one-dimensional, `hits` true where a row is of the positive class.

Sums are exactly rounded (`math.fsum`), so the order of the rows changes no bit of a result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum
from typing import TYPE_CHECKING

from pipeline_kit.gates.metrics import Score, Undefined, finite

if TYPE_CHECKING:
    from numpy import bool_, float64
    from numpy.typing import NDArray

    Floats = NDArray[float64]
    Booleans = NDArray[bool_]


@dataclass(frozen=True, slots=True)
class Bin:
    """One bin of a calibration curve: its edges, its rows, the mean probability said and the share that held."""

    lower: float
    upper: float
    rows: int
    said: float
    held: float


def roc_auc(hits: Booleans, scores: Floats) -> Score:
    """Area under the ROC curve: 0 to 1, higher is better, 0.5 is chance.

    The chance that a positive row is scored over a negative one, a tie counting half: U / (P * N) with the
    Mann-Whitney U = (sum of the positives' mid-ranks) - P (P + 1) / 2 (Hanley and McNeil, Radiology 143, 1982).
    """
    import numpy

    positives = int(numpy.count_nonzero(hits))
    negatives = len(hits) - positives
    if not positives or not negatives:
        return Undefined("the rows are all of one side: " + ("all positive" if positives else "none is positive"))
    _, group, sizes = numpy.unique(scores, return_inverse=True, return_counts=True)
    ends = numpy.cumsum(sizes)
    doubled_ranks = (2 * ends - sizes + 1)[group]  # twice the mid-rank is a whole number: the sum is exact
    doubled_u = int(doubled_ranks[hits].sum()) - positives * (positives + 1)
    return doubled_u / (2 * positives * negatives)


def roc_auc_ovr(truth: Sequence[str], labels: Sequence[str], probabilities: Floats) -> Score:
    """Mean over the classes of each one's ROC AUC against the rest (Provost and Domingos, 2000, unweighted)."""
    import numpy

    values = []
    true = numpy.asarray(truth, dtype=object)
    for index, label in enumerate(labels):
        value = roc_auc(true == label, probabilities[:, index])
        if isinstance(value, Undefined):
            return Undefined(f"class {label!r}: {value.reason}")
        values.append(value)
    return fsum(values) / len(values)


def log_loss(given: Floats) -> Score:
    """Mean of -ln(probability given to the true class): 0 up, lower is better (Good, 1952).

    A true class that was given probability 0 makes it infinite: undefined, never clipped into a number.
    """
    import numpy

    if not len(given):
        return Undefined("there are no rows")
    if not given.all():
        count = int(numpy.count_nonzero(given == 0))
        return Undefined(f"it is infinite: {count} of {len(given)} rows gave their true class probability 0")
    return finite(0.0 - fsum(numpy.log(given).tolist()) / len(given), "the log loss")


def brier(hits: Booleans, probability: Floats) -> Score:
    """Mean of (probability - outcome)^2: 0 to 1, lower is better (Brier, 1950, the half form for two classes)."""
    import numpy

    if not len(hits):
        return Undefined("there are no rows")
    return finite(fsum(numpy.square(probability - hits).tolist()) / len(hits), "the Brier score")


def brier_multiclass(truth: Sequence[str], labels: Sequence[str], probabilities: Floats) -> Score:
    """Mean over rows of the sum over classes of (probability - outcome)^2: 0 to 2, lower is better (Brier, 1950)."""
    import numpy

    if not len(truth):
        return Undefined("there are no rows")
    outcomes = numpy.asarray(truth, dtype=object)[:, None] == numpy.asarray(labels, dtype=object)[None, :]
    return finite(fsum(numpy.square(probabilities - outcomes).ravel().tolist()) / len(truth), "the Brier score")


def calibration(hits: Booleans, probability: Floats, bins: int = 10) -> tuple[Bin, ...]:
    """The calibration curve: the filled ones of `bins` bins of equal width over 0 to 1, open below, closed above."""
    import numpy

    edges = numpy.linspace(0.0, 1.0, bins + 1)
    places = numpy.searchsorted(edges[1:-1], probability)
    curve = []
    for index in range(bins):
        inside = places == index
        rows = int(numpy.count_nonzero(inside))
        if rows:
            said = fsum(probability[inside].tolist()) / rows
            held = int(numpy.count_nonzero(hits[inside])) / rows
            curve.append(Bin(float(edges[index]), float(edges[index + 1]), rows, said, held))
    return tuple(curve)


def calibration_error(curve: Sequence[Bin]) -> Score:
    """Expected calibration error, the sum of (bin's share of rows) * |held - said|: 0 to 1, lower is better.

    Naeini, Cooper and Hauskrecht, AAAI 2015, for the positive class of two; for more classes the probability
    is that of the predicted class and it held where the prediction is right (Guo et al., ICML 2017).
    """
    rows = sum(each.rows for each in curve)
    if not rows:
        return Undefined("there are no rows")
    return fsum(each.rows / rows * abs(each.held - each.said) for each in curve)


def roc_curve(hits: Booleans, scores: Floats, points: int = 200) -> tuple[tuple[float, float], ...]:
    """The ROC curve as (false positive rate, true positive rate) from (0, 0) to (1, 1), at most `points` of them.

    Empty where it is undefined. Thinned evenly over the thresholds, both ends kept.
    """
    import numpy

    positives = int(numpy.count_nonzero(hits))
    negatives = len(hits) - positives
    if not positives or not negatives:
        return ()
    order = numpy.argsort(-scores, kind="stable")
    last = numpy.append(numpy.flatnonzero(numpy.diff(scores[order])), len(scores) - 1)  # of each group of ties
    true = numpy.concatenate(([0], numpy.cumsum(hits[order])[last]))
    false = numpy.concatenate(([0], last + 1)) - true
    if len(true) > points:
        keep = numpy.linspace(0, len(true) - 1, points).round().astype(int)
        true, false = true[keep], false[keep]
    return tuple(zip((false / negatives).tolist(), (true / positives).tolist(), strict=True))
