"""Values of a document that may hold anything: of another type than expected, they read as empty."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from pipeline_kit.descriptor.parameter import Value


def mapping_of(value: Value) -> Mapping[str, Value]:
    """The value as a mapping, empty where it is something else."""
    return value if isinstance(value, Mapping) else {}


def list_of(value: Value) -> Sequence[Value]:
    """The value as a sequence, empty where it is something else."""
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()


def text_of(value: Value) -> str:
    """The value as text; `None` is empty."""
    return "" if value is None else str(value)


def number_of(value: Value) -> float | None:
    """The value as a finite number, or `None`."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def whole_of(value: Value) -> int:
    """The value as a whole number; 0 where it is not a number."""
    number = number_of(value)
    return int(number) if number is not None else 0
