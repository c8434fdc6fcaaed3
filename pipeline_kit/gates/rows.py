"""The joined rows that metrics are computed from, and what several of them need, computed once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast

from pipeline_kit.gates.confusion import Confusion, Counts, confusion, sort_labels
from pipeline_kit.gates.curves import Bin, calibration
from pipeline_kit.gates.predictions import Predicted, Truth, true_numbers
from pipeline_kit.gates.task import Task

if TYPE_CHECKING:
    from numpy import bool_, float64
    from numpy.typing import NDArray

    Floats = NDArray[float64]
    Booleans = NDArray[bool_]

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of one dataset, or of one value of a slice: truth, prediction, and probabilities if there are some.

    `truth` and `predicted` are arrays of labels (objects), for a regression of numbers. `probabilities` has a column
    for each of `labels`; for two classes that is the positive one alone.
    """

    task: Task
    truth: NDArray[Any]
    predicted: NDArray[Any]
    labels: tuple[str, ...] = ()
    probabilities: Floats | None = None
    positive: str = "1"
    bins: int = 10
    _shared: dict[Callable[..., Any], Any] = field(default_factory=dict, init=False, repr=False)

    def __len__(self) -> int:
        return len(self.truth)

    def part(self, mask: Booleans) -> Rows:
        """The rows where the mask is true."""
        chances = self.probabilities[mask] if self.probabilities is not None else None
        return Rows(self.task, self.truth[mask], self.predicted[mask], self.labels, chances, self.positive, self.bins)

    def once(self, compute: Callable[[Rows], T]) -> T:
        """What the function returns for these rows, computed once however many metrics ask for it."""
        if compute not in self._shared:
            self._shared[compute] = compute(self)
        return cast(T, self._shared[compute])

    @cached_property
    def confusion(self) -> Confusion:
        """The confusion matrix; not for a regression."""
        return confusion(self.truth.tolist(), self.predicted.tolist())

    @cached_property
    def counts(self) -> Counts:
        """The four counts of the positive class."""
        return self.confusion.counts(self.positive)

    @cached_property
    def hits(self) -> Booleans:
        """True where a row is of the positive class."""
        return cast("Booleans", self.truth == self.positive)

    @property
    def class_probabilities(self) -> Floats:
        """A column of probabilities for each of `labels`. Raises TypeError where the predictions have none."""
        if self.probabilities is None:
            raise TypeError("these rows have no probabilities: let the metric declare needs_probabilities")
        return self.probabilities

    @property
    def positive_probabilities(self) -> Floats:
        """Each row's probability of the positive class of two."""
        return self.class_probabilities[:, 0]

    @cached_property
    def true_probabilities(self) -> Floats:
        """The probability that each row gave to its true class."""
        import numpy

        if self.task is Task.BINARY:
            chance = self.positive_probabilities
            return numpy.where(self.hits, chance, 1.0 - chance)
        return self._probabilities_of(self.truth.tolist())

    @cached_property
    def calibration(self) -> tuple[Bin, ...]:
        """The calibration curve of the positive class of two, or of the predicted class of many."""
        if self.task is Task.BINARY:
            return calibration(self.hits, self.positive_probabilities, self.bins)
        confidence = self._probabilities_of(self.predicted.tolist())
        return calibration(self.truth == self.predicted, confidence, self.bins)

    def _probabilities_of(self, labels: Sequence[str]) -> Floats:
        """The probability that each row gave to the label that `labels` has for it."""
        import numpy

        places = {label: index for index, label in enumerate(self.labels)}
        columns = numpy.asarray([places[label] for label in labels], dtype=int)
        return cast("Floats", self.class_probabilities[numpy.arange(len(columns)), columns])


def join(truth: Truth, predicted: Predicted, *, task: Task, positive: str, bins: int) -> Rows:
    """The rows of a dataset. Raises DataError at the first target of a regression that is not a finite number."""
    import numpy

    if task is Task.REGRESSION:
        numbers = numpy.asarray(true_numbers(truth))
        return Rows(task, numbers, numpy.asarray(predicted.numbers), positive=positive, bins=bins)
    labels: tuple[str, ...] = ()
    columns = None
    if predicted.probabilities is not None:
        labels = (positive,) if task is Task.BINARY else sort_labels(set(predicted.probabilities))
        columns = numpy.column_stack([numpy.asarray(predicted.probabilities[label]) for label in labels])
    targets = numpy.asarray(truth.targets, dtype=object)
    guesses = numpy.asarray(predicted.labels, dtype=object)
    return Rows(task, targets, guesses, labels, columns, positive, bins)
