"""The metrics: each is a `Metric` in a file of this folder, or in a package that the descriptor names under `plugins`.

Nothing else knows a metric by name. Reading the table's names imports none of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_kit.errors import UsageError
from pipeline_kit.extensions import NO_PLUGINS, Plugins, Table

if TYPE_CHECKING:
    from pipeline_kit.gates.metric import Metric
    from pipeline_kit.gates.task import Task

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
    from pipeline_kit.gates.metric import Metric

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
