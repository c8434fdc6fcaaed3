"""The curves that a report draws: calibration and ROC. Arrays are one-dimensional, `hits` true where it held.

Sums are exactly rounded (`math.fsum`), so the order of the rows changes no bit of a result.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy import bool_, float64
    from numpy.typing import NDArray

    Floats = NDArray[float64]
    Booleans = NDArray[bool_]


@dataclass(frozen=True, slots=True)
class Bin:
    """One bin of a calibration curve: its edges, its rows, the mean predicted probability and the observed share."""

    lower: float
    upper: float
    rows: int
    said: float
    held: float


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
            text = fsum(probability[inside].tolist()) / rows
            held = int(numpy.count_nonzero(hits[inside])) / rows
            curve.append(Bin(float(edges[index]), float(edges[index + 1]), rows, text, held))
    return tuple(curve)


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
