"""The metrics: each is a value in a file of this folder, or in a package that the descriptor names under `plugins`.

A metric says what it is for, in which range it is, which way is better, and how it is computed from rows. One that
is measured elsewhere, such as the latency of an image, has no computation. Nothing else knows a metric by name.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING

from pipeline_kit.errors import UsageError
from pipeline_kit.extensions import NO_PLUGINS, Plugins, Table
from pipeline_kit.frozen import frozen
from pipeline_kit.gates.task import Task

if TYPE_CHECKING:
    from pipeline_kit.gates.rows import Rows

__all__ = [
    "METRICS",
    "Direction",
    "Metric",
    "Score",
    "Task",
    "Undefined",
    "find_metric",
    "finite",
    "metrics_of",
]  # fmt: skip


class Direction(Enum):
    """Which way a metric is better."""

    HIGHER = "higher"
    LOWER = "lower"


@frozen
class Undefined:
    """A metric that has no value on these rows, and why. Never a zero by convention, never a NaN."""

    reason: str


Score = float | Undefined
"""A finite number, or why there is none."""


@frozen
class Metric:
    """A metric: its direction, its range (None: no bound), the tasks that have it, and its computation.

    `compute` is pure and imports numpy late. It is called with the rows of a dataset or of one value of a slice;
    with `needs_probabilities`, only where the predictions have some. `None`: the metric is measured elsewhere.
    """

    name: str
    direction: Direction
    minimum: float | None
    maximum: float | None
    tasks: frozenset[Task]
    help: str
    compute: Callable[[Rows], Score] | None = None
    needs_probabilities: bool = False

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


METRICS: Table[Metric] = Table(
    "pipeline_kit.metrics",
    "metric",
    {
        "accuracy": "pipeline_kit.gates.metrics.counts:ACCURACY",
        "precision": "pipeline_kit.gates.metrics.counts:PRECISION",
        "recall": "pipeline_kit.gates.metrics.counts:RECALL",
        "f1": "pipeline_kit.gates.metrics.counts:F1",
        "roc_auc": "pipeline_kit.gates.metrics.roc_auc:ROC_AUC",
        "log_loss": "pipeline_kit.gates.metrics.log_loss:LOG_LOSS",
        "brier": "pipeline_kit.gates.metrics.brier:BRIER",
        "ece": "pipeline_kit.gates.metrics.ece:ECE",
        "mse": "pipeline_kit.gates.metrics.regression:MSE",
        "mae": "pipeline_kit.gates.metrics.regression:MAE",
        "rmse": "pipeline_kit.gates.metrics.regression:RMSE",
        "r2": "pipeline_kit.gates.metrics.regression:R2",
        "startup_seconds": "pipeline_kit.gates.metrics.serving:STARTUP_SECONDS",
        "latency_p50_seconds": "pipeline_kit.gates.metrics.serving:LATENCY_P50_SECONDS",
        "latency_p95_seconds": "pipeline_kit.gates.metrics.serving:LATENCY_P95_SECONDS",
        "memory_bytes": "pipeline_kit.gates.metrics.serving:MEMORY_BYTES",
    },
)
"""In the order that reports show them; those of plugins come after the built-in ones."""


def find_metric(name: str, plugins: Plugins = NO_PLUGINS) -> Metric | None:
    """The metric of that name; None where the table has none. Raises UsageError where a plugin's is not a metric."""
    if name not in METRICS.names(plugins):
        return None
    metric = METRICS.load(name, plugins)
    if not isinstance(metric, Metric) or metric.name != name:
        place = METRICS.values(plugins)[name]
        hint = f"let {place} be a Metric whose name is {name!r}"
        raise UsageError(f"plugins: {place} is not the metric `{name}`", hint=hint)
    return metric


def metrics_of(task: Task, plugins: Plugins = NO_PLUGINS) -> tuple[Metric, ...]:
    """The metrics that are computed for a task, in the order that reports show them."""
    metrics = (find_metric(name, plugins) for name in METRICS.names(plugins))
    return tuple(metric for metric in metrics if metric and metric.compute and task in metric.tasks)


def finite(value: float, what: str) -> Score:
    """The value as a plain float, or why it is none: a sum of very large numbers may overflow."""
    number = float(value)
    return number if math.isfinite(number) else Undefined(f"{what} is not a finite number")
