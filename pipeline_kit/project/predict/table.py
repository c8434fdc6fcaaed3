"""Predictions as the lines of a table for a terminal. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.project.predict.exchange import Row

MOST_COLUMNS = 4
"""With more, only the probability of the predicted class is shown; `--json` has all."""


def table_lines(predictions: Sequence[Row]) -> list[str]:
    """The predictions as a table: a line of column names, then a line per row."""
    rows = [narrow(prediction) for prediction in predictions]
    head = list(rows[0]) if rows else []
    table = [head, *([cell_text(row.get(name)) for name in head] for row in rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(head))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in table]


def narrow(prediction: Row) -> Row:
    """A prediction that fits a line: of many probabilities that of the predicted class."""
    if len(prediction) <= MOST_COLUMNS:
        return prediction
    kept = {name: value for name, value in prediction.items() if not name.startswith("probability_")}
    return {**kept, "probability": prediction.get(f"probability_{prediction.get('prediction')}")}


def cell_text(value: Value) -> str:
    """A value as the table shows it."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
