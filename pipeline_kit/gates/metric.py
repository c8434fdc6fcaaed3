"""What a metric is: its direction, its range, and how it is computed from rows."""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING

from pipeline_kit.frozen import frozen

if TYPE_CHECKING:
    from pipeline_kit.gates.rows import Rows
    from pipeline_kit.gates.task import Task


class Direction(Enum):
    """Which way a metric is better."""

    HIGHER = "higher"
    LOWER = "lower"


@frozen
class Undefined:
    """A metric that has no value on these rows, and why. Never a zero by convention, never a NaN."""

    reason: str


Score = float | Undefined
"""A finite number, or why it is undefined."""


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

    @property
    def lower_is_better(self) -> bool:
        """Whether a smaller value is the better one."""
        return self.direction is Direction.LOWER

    def holds(self, value: float) -> bool:
        """Whether a value can be one of this metric at all."""
        return (self.minimum is None or value >= self.minimum) and (self.maximum is None or value <= self.maximum)

    def range_text(self) -> str:
        """The range as text: `between 0 and 1`, `at most 1`, `at least 0`."""
        if self.minimum is not None and self.maximum is not None:
            return f"between {self.minimum:g} and {self.maximum:g}"
        if self.minimum is not None:
            return f"at least {self.minimum:g}"
        return "any number" if self.maximum is None else f"at most {self.maximum:g}"


def finite(value: float, what: str) -> Score:
    """The value as a plain float, or why it is undefined: a sum of very large numbers may overflow."""
    number = float(value)
    return number if math.isfinite(number) else Undefined(f"{what} is not a finite number")
