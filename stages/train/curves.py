"""The curves: one row a step, as JSON for pages and as CSV for people; and the first figure that is not a number."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence

from pipeline_kit.descriptor.parameter import Value

Row = Mapping[str, float]
STEP_NAMES = ("step", "iteration", "epoch")
"""Figures that say which step a row is of, the finest first."""


def diverged(rows: Sequence[Row], metrics: Mapping[str, float]) -> str | None:
    """A sentence on the first figure that is not finite, or None: "loss became NaN at step 12"."""
    for number, row in enumerate(rows, 1):
        for name, value in row.items():
            if not math.isfinite(value):
                return f"{name} became {_word(value)} at {_place(row, number)}"
    return next(
        (f"metric {name} is {_word(value)}" for name, value in metrics.items() if not math.isfinite(value)), None
    )


def _place(row: Row, number: int) -> str:
    for name in STEP_NAMES:
        if name in row and math.isfinite(row[name]):
            return f"{name} {row[name]:g}"
    return f"step {number}"


def _word(value: float) -> str:
    return "NaN" if math.isnan(value) else "infinite"


def columns(rows: Sequence[Row]) -> list[str]:
    """Every figure's name, in the order of its first row."""
    return list(dict.fromkeys(name for row in rows for name in row))


def as_json(rows: Sequence[Row]) -> str:
    """`{"version": 1, "columns": [...], "rows": [{...}]}`; a figure that is not finite is null there."""
    kept: list[Value] = [{name: value if math.isfinite(value) else None for name, value in row.items()} for row in rows]
    return json.dumps({"version": 1, "columns": columns(rows), "rows": kept}, allow_nan=False) + "\n"


def as_csv(rows: Sequence[Row]) -> str:
    """The rows under their names; a figure that a row has not is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns(rows), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
