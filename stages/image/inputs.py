"""What a request's rows must look like: the declared columns of a dataset, without what is to be predicted."""

from __future__ import annotations

import json
from collections.abc import Mapping

from pipeline_kit.descriptor.model import Column, Dataset
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.errors import UsageError

VERSION = 1


def declared_inputs(datasets: Mapping[str, Dataset], name: str | None) -> bytes:
    """The bytes of `inputs.json`. Raises UsageError for an unknown dataset, or one without columns."""
    if name is None:
        hint = f"name a dataset in `data`: {', '.join(datasets) or 'none is declared'}"
        raise UsageError("the columns of a request to the model are not declared", hint=hint)
    dataset = datasets.get(name)
    if dataset is None:
        raise UsageError(f"unknown dataset {name!r}", hint=f"expected one of: {', '.join(datasets) or 'none'}")
    columns = [column_document(column) for column in dataset.columns if column.name != dataset.target]
    if not columns:
        hint = f"declare them under data.{name}.columns: they are what a request is checked against"
        raise UsageError(f"dataset {name} declares no columns but its target", hint=hint)
    document = {"version": VERSION, "id": dataset.id, "columns": columns}
    return (json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n").encode()


def column_document(column: Column) -> dict[str, Value]:
    """A column as the serving application reads it."""
    return {
        "name": column.name,
        "type": column.type.value,
        "min": column.minimum,
        "max": column.maximum,
        "values": list(column.values),
        "missing": column.missing,
    }
