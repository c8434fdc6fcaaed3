"""The metrics that the kit knows: what each is for, where it lies, and which way is better."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum


class Task(Enum):
    """What a model predicts."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    REGRESSION = "regression"


class Direction(Enum):
    """Which way a metric is better."""

    HIGHER = "higher"
    LOWER = "lower"


@dataclass(frozen=True, slots=True)
class Undefined:
    """A metric that has no value on these rows, and why. Never a zero by convention, never a NaN."""

    reason: str


Score = float | Undefined
"""A finite number, or why there is none."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A known metric: its direction, the range it can lie in (None: no bound), the tasks that have it."""

    name: str
    direction: Direction
    minimum: float | None
    maximum: float | None
    tasks: frozenset[Task]
    help: str

    def holds(self, value: float) -> bool:
        """Whether a value can be one of this metric at all."""
        return (self.minimum is None or value >= self.minimum) and (self.maximum is None or value <= self.maximum)

    def range_text(self) -> str:
        """The range in words: `between 0 and 1`, `at most 1`, `at least 0`."""
        if self.minimum is not None and self.maximum is not None:
            return f"between {self.minimum:g} and {self.maximum:g}"
        if self.minimum is not None:
            return f"at least {self.minimum:g}"
        return "any number" if self.maximum is None else f"at most {self.maximum:g}"


_CLASSES = frozenset({Task.BINARY, Task.MULTICLASS})
_NUMBERS = frozenset({Task.REGRESSION})
_IMAGES: frozenset[Task] = frozenset()  # of an image that runs, whatever its model predicts: stage test_image

_TABLE = (
    Metric("accuracy", Direction.HIGHER, 0, 1, _CLASSES, "Share of rows that are predicted right."),
    Metric("precision", Direction.HIGHER, 0, 1, _CLASSES, "Of what was predicted as a class, the share that is of it."),
    Metric("recall", Direction.HIGHER, 0, 1, _CLASSES, "Of what is of a class, the share that was predicted as it."),
    Metric("f1", Direction.HIGHER, 0, 1, _CLASSES, "Harmonic mean of precision P and recall R: 2PR/(P+R)."),
    Metric("roc_auc", Direction.HIGHER, 0, 1, _CLASSES, "Chance that a random positive is ranked over a negative."),
    Metric("log_loss", Direction.LOWER, 0, None, _CLASSES, "Mean of -ln(probability given to the true class)."),
    Metric("brier", Direction.LOWER, 0, 2, _CLASSES, "Mean squared error of the probabilities."),
    Metric("ece", Direction.LOWER, 0, 1, _CLASSES, "Expected calibration error over bins of equal width."),
    Metric("mse", Direction.LOWER, 0, None, _NUMBERS, "Mean squared error."),
    Metric("mae", Direction.LOWER, 0, None, _NUMBERS, "Mean absolute error."),
    Metric("rmse", Direction.LOWER, 0, None, _NUMBERS, "Square root of the mean squared error."),
    Metric("r2", Direction.HIGHER, None, 1, _NUMBERS, "Share of the target's variance that is explained."),
    Metric("startup_seconds", Direction.LOWER, 0, None, _IMAGES, "From the image's start until it is ready."),
    Metric("latency_p50_seconds", Direction.LOWER, 0, None, _IMAGES, "Median time of a request of one row."),
    Metric("latency_p95_seconds", Direction.LOWER, 0, None, _IMAGES, "What 95 of 100 requests do not exceed."),
    Metric("memory_bytes", Direction.LOWER, 0, None, _IMAGES, "The most memory that the running image has used."),
)

METRICS = {metric.name: metric for metric in _TABLE}


def metrics_of(task: Task) -> tuple[str, ...]:
    """The names of a task's metrics, in the order that reports show them."""
    return tuple(metric.name for metric in _TABLE if task in metric.tasks)


def finite(value: float, what: str) -> Score:
    """The value as a plain float, or why it is none: a sum of very large numbers may overflow."""
    number = float(value)
    return number if math.isfinite(number) else Undefined(f"{what} is not a finite number")
