"""The area under the ROC curve. Arrays are one-dimensional, `hits` true where a row is of the positive class."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum
from typing import TYPE_CHECKING

from pipeline_kit.gates.metric import Direction, Metric, Score, Undefined
from pipeline_kit.gates.task import Task

if TYPE_CHECKING:
    from pipeline_kit.gates.rows import Booleans, Floats, Rows


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


def _compute(rows: Rows) -> Score:
    if rows.task is Task.BINARY:
        return roc_auc(rows.hits, rows.positive_probabilities)
    return roc_auc_ovr(rows.truth.tolist(), rows.labels, rows.class_probabilities)


ROC_AUC = Metric(
    name="roc_auc",
    direction=Direction.HIGHER,
    minimum=0,
    maximum=1,
    tasks=frozenset({Task.BINARY, Task.MULTICLASS}),
    help="Chance that a random positive is ranked over a negative.",
    compute=_compute,
    needs_probabilities=True,
)
