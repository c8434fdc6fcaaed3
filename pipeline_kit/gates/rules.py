"""The rules of a gate: bounds on a metric, absolute or against a baseline."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.errors import UsageError
from pipeline_kit.gates.metrics import METRICS


class Bound(Enum):
    """What a rule demands. A drop is a worsening, in the direction that is worse for the metric."""

    MINIMUM = "min"
    MAXIMUM = "max"
    MAXIMUM_DROP = "max_drop"  # in the metric's unit
    MAXIMUM_RELATIVE_DROP = "max_relative_drop"  # a share of the baseline's absolute value

    @property
    def relative(self) -> bool:
        """Whether it needs a baseline."""
        return self in (Bound.MAXIMUM_DROP, Bound.MAXIMUM_RELATIVE_DROP)


@dataclass(frozen=True, slots=True)
class Rule:
    """One bound on one metric: on one dataset or on every, overall or in every value of a slice column."""

    metric: str
    bound: Bound
    limit: float
    dataset: str | None = None
    slice: str | None = None

    def value(self) -> Value:
        """The rule as the descriptor writes it."""
        written: dict[str, Value] = {"metric": self.metric, self.bound.value: self.limit}
        if self.dataset is not None:
            written["dataset"] = self.dataset
        if self.slice is not None:
            written["slice"] = self.slice
        return written


def rules_of(settings: Value) -> tuple[Rule, ...]:
    """The rules in a stage's setting: a list of records, each of a metric and one bound or more.

    Raises UsageError on a record without a metric or bound, on a limit that is no finite number, and on an
    absolute limit outside the metric's range, which could only ever hold or never hold.
    """
    if not isinstance(settings, Sequence) or isinstance(settings, str):
        raise UsageError("the gate's rules are not a list", hint="write them as [{metric: f1, min: 0.9}]")
    return tuple(rule for number, record in enumerate(settings, 1) for rule in _rules(record, f"rule {number}"))


def _rules(record: Value, name: str) -> list[Rule]:
    if not isinstance(record, Mapping):
        raise UsageError(f"{name} is not a mapping", hint="write it as {metric: f1, min: 0.9}")
    metric = record.get("metric")
    if not isinstance(metric, str) or not metric:
        raise UsageError(f"{name} names no metric", hint=f"the metrics are: {', '.join(METRICS)}")
    dataset, column = (_optional_text(record.get(key), f"{name}: {key}") for key in ("dataset", "slice"))
    found = []
    for bound in Bound:
        limit = record.get(bound.value)
        if limit is not None:
            found.append(Rule(metric, bound, _limit(limit, metric, bound, name), dataset, column))
    if not found:
        keys = ", ".join(bound.value for bound in Bound)
        raise UsageError(f"{name} on {metric} bounds nothing", hint=f"give it one of: {keys}")
    return found


def _limit(limit: Value, metric: str, bound: Bound, name: str) -> float:
    if isinstance(limit, bool) or not isinstance(limit, int | float) or not math.isfinite(limit):
        raise UsageError(f"{name} on {metric}: {bound.value} is {limit!r}, not a finite number")
    known = METRICS.get(metric)
    if known and not bound.relative and not known.holds(limit):
        raise UsageError(f"{name}: {bound.value} is {limit:g}, but {metric} is {known.range_text()}")
    return float(limit)


def _optional_text(value: Value, name: str) -> str | None:
    if value is not None and not isinstance(value, str):
        raise UsageError(f"{name} is not text")
    return value
