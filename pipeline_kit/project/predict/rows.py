"""Rows to predict: from a table, from JSON, or the first row of a dataset that the model was evaluated on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline_kit.descriptor.model import Descriptor
from pipeline_kit.errors import DataError, UsageError
from pipeline_kit.gates.tables import read_table
from pipeline_kit.images.serve.golden_requests import golden_rows, rows_of
from pipeline_kit.images.serve.running import Configuration
from pipeline_kit.project.predict.exchange import Row

EXAMPLE = 'such as [{"column": 1.5}]'


def rows_in_json(content: bytes, name: str) -> Sequence[Row]:
    """The rows in a JSON document: `{"rows": [...]}`, a list of rows, or one row. The image checks their cells.

    Raises DataError where it holds none; `name` is the file's, for the message.
    """
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{name} is not JSON: {error}", hint=EXAMPLE) from error
    rows = document.get("rows", document) if isinstance(document, dict) else document
    rows = [rows] if isinstance(rows, dict) else rows
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise DataError(f"{name} holds no rows", hint=EXAMPLE)
    return rows


def read_rows(path: Path, configuration: Configuration, targets: frozenset[str]) -> Sequence[Row]:
    """The rows in a table or a JSON file; the columns in `targets` are left out of a table.

    Raises UsageError where the file cannot be read, DataError where it holds no rows.
    """
    if path.suffix.lower() == ".json":
        return rows_in_json(_content(path), path.name)
    if not path.is_file():
        raise UsageError(f"{path} does not exist")
    identifier = configuration.inputs.get("id")
    table = read_table(path, path.name, lambda name: name not in targets)
    return rows_of(table, configuration.inputs, identifier if isinstance(identifier, str) else None)


def target_columns(descriptor: Descriptor | None) -> frozenset[str]:
    """The columns that a project predicts: a file of rows may have them, and they are not sent."""
    datasets = descriptor.data.values() if descriptor else ()
    return frozenset(dataset.target for dataset in datasets if dataset.target is not None)


def first_row(descriptor: Descriptor | None, root: Path, configuration: Configuration) -> Sequence[Row]:
    """The first row of a dataset that the model was evaluated on. Raises UsageError where the project has none."""
    metrics = configuration.manifest.get("metrics")
    for name in metrics if isinstance(metrics, Mapping) else ():
        dataset = descriptor.data.get(name) if descriptor else None
        if dataset is not None and (root / dataset.path).is_file():
            return golden_rows(dataset, root / dataset.path, configuration.inputs, 1).rows
    raise UsageError("no evaluated dataset to take a row from", hint="give rows by --rows FILE")


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
