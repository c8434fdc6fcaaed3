"""Golden requests: rows of an evaluated dataset as a client sends them, and the predictions that they must give."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline_kit.contract.context import DataInput
from pipeline_kit.descriptor.model import Dataset
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.errors import DataError, ModelError
from pipeline_kit.gates.tables import FORMATS, Table, read_table

INTEGER = re.compile(r"[+-]?[0-9]{1,4000}")  # Python converts no longer text
TRUE, FALSE = ("true", "1"), ("false", "0")
MOST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Golden:
    """Rows of one dataset and the evaluation's predictions of them, in the same order, by column as it wrote them.

    `named`: the dataset has a column with ids; without one, rows are called by their number in a request.
    """

    dataset: str
    named: bool
    rows: tuple[Mapping[str, Value], ...]
    identifiers: tuple[str, ...]
    predictions: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """A prediction of the image that is not the evaluation's: both as text."""

    dataset: str
    identifier: str
    column: str
    served: str
    evaluated: str

    def __str__(self) -> str:
        where = f"{self.dataset}, id {self.identifier}, {self.column}"
        return f"{where}: {self.served} by the image, {self.evaluated} in the evaluation"


def golden_rows(dataset: Dataset, path: Path, inputs: Mapping[str, Value], count: int) -> Golden:
    """The first rows of a dataset's file as requests have them, the column to predict left out.

    `inputs` is the image's `inputs.json`: it says which cells are numbers. Raises DataError for a damaged file.
    """
    table = read_table(path, dataset.path.as_posix(), lambda name: name != dataset.target)
    rows = rows_of(table, inputs, dataset.id)[:count]
    ids = table.column(dataset.id) if dataset.id else [str(row) for row in range(table.rows)]
    return Golden(dataset.name, dataset.id is not None, rows, tuple(ids[: len(rows)]))


def evaluated_rows(
    datasets: Iterable[DataInput], folder: Path, inputs: Mapping[str, Value], count: int
) -> tuple[Golden, ...]:
    """The first rows of each dataset that the evaluation left predictions of in `folder`, with these.

    Raises DataError if none was evaluated.
    """
    entries = []
    for data in datasets:
        if data.spec.target is not None and any(folder.glob(f"{data.spec.name}.*")):
            entries.append(with_predictions(golden_rows(data.spec, data.path, inputs, count), folder))
    if not entries:
        raise DataError("no evaluated dataset is here to ask for", hint="let the job need an evaluation of one")
    return tuple(entries)


def rows_of(table: Table, inputs: Mapping[str, Value], identifier: str | None) -> tuple[Mapping[str, Value], ...]:
    """A table's rows as a request has them, each cell by the type that the image's `inputs.json` declares."""
    types = column_types(inputs)
    return tuple(
        {name: as_json(cells[row], types.get(name), name == identifier) for name, cells in table.columns.items()}
        for row in range(table.rows)
    )


def with_predictions(golden: Golden, folder: Path) -> Golden:
    """The same with what the evaluation predicted. Raises ModelError where the folder lacks one of the rows."""
    table = predictions_of(golden.dataset, folder)
    places = {text: row for row, text in enumerate(table.column("id"))}
    lacking = next((identifier for identifier in golden.identifiers if identifier not in places), None)
    if lacking is not None:
        raise ModelError(f"{table.label} predicts no row of id {lacking!r}", hint="run the evaluation again")
    columns = {name: cells for name, cells in table.columns.items() if name != "id"}
    values = tuple(
        {name: cells[places[identifier]] for name, cells in columns.items()} for identifier in golden.identifiers
    )
    return Golden(golden.dataset, golden.named, golden.rows, golden.identifiers, values)


def predictions_of(dataset: str, folder: Path) -> Table:
    """The evaluation's table of predictions of a dataset. Raises ModelError for a missing one."""
    path = next((item for form in FORMATS if (item := folder / f"{dataset}.{form}").is_file()), None)
    if path is None:
        raise ModelError(f"the evaluation left no predictions of {dataset}", hint="run the evaluation again")
    return read_table(path, f"predictions/{path.name}", lambda name: True)


def column_types(inputs: Mapping[str, Value]) -> dict[str, str]:
    """The declared type of each column. Raises ModelError where the document is not what the kit writes."""
    columns = inputs.get("columns")
    if not isinstance(columns, Sequence) or isinstance(columns, str):
        raise ModelError("the image's inputs.json declares no columns", hint="build the image again")
    return {str(column["name"]): str(column["type"]) for column in columns if isinstance(column, Mapping)}


def as_json(cell: str, kind: str | None, identifier: bool) -> Value:
    """A cell as a request has it: by the column's type; without one a number if it parses; an id unchanged."""
    if not cell:
        return None
    if kind == "boolean" and cell.lower() in TRUE + FALSE:
        return cell.lower() in TRUE
    if (kind == "integer" or (kind is None and not identifier)) and INTEGER.fullmatch(cell):
        return int(cell)
    if kind == "number" or (kind is None and not identifier):
        number = finite_number(cell)
        return cell if number is None else number
    return cell


def finite_number(cell: object) -> float | None:
    """The cell as a JSON number, else None; Python's own forms such as `1_000` are not numbers."""
    if isinstance(cell, bool) or not isinstance(cell, int | float | str) or (isinstance(cell, str) and "_" in cell):
        return None
    try:
        number = float(cell)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def request_of(rows: Sequence[Mapping[str, Value]]) -> bytes:
    """The body of a request for these rows; a float's text is the shortest that gives it back."""
    return json.dumps({"rows": list(rows)}, allow_nan=False).encode()


def answer_of(content: bytes) -> tuple[list[dict[str, Value]], str]:
    """The predictions in an answer, and the digest of the model that gave them. Raises ModelError for another."""
    try:
        document = json.loads(content)
        predictions, model = document["predictions"], document["model"]
        if not isinstance(model, str) or not all(isinstance(prediction, dict) for prediction in predictions):
            raise ValueError("it is of another form")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelError("the answer holds no predictions", hint=f"{error!r}") from error
    return list(predictions), model


def differences(
    golden: Golden, served: Sequence[Mapping[str, Value]], tolerance: float, start: int = 0
) -> Iterator[Difference]:
    """Where the image's predictions of the rows from `start` on are not the evaluation's.

    Numbers may differ by the tolerance, which 0 makes bit for bit; anything else must be the same text.
    """
    required = golden.predictions[start : start + len(served)]
    names = golden.identifiers[start : start + len(served)]
    for answer, expected, identifier in zip(served, required, names, strict=True):
        if golden.named and str(answer.get("id")) != identifier:
            yield Difference(golden.dataset, identifier, "id", str(answer.get("id")), identifier)
        for column in [*expected, *(text for text in answer if text not in expected and text != "id")]:
            if column not in answer or column not in expected or not same(answer[column], expected[column], tolerance):
                shown_text = (
                    shown(entry.get(column)) if column in entry else "nothing" for entry in (answer, expected)
                )
                yield Difference(golden.dataset, identifier, column, *shown_text)


def same(served: Value, evaluated: str, tolerance: float) -> bool:
    """Whether a value of the answer is the cell that the evaluation wrote."""
    if isinstance(served, bool) or not isinstance(served, int | float):
        return isinstance(served, str) and served == evaluated
    here, there = finite_number(served), finite_number(evaluated)
    if here is None or there is None:
        return False
    return here == there or abs(here - there) <= tolerance


def shown(value: object) -> str:
    """A value as a message has it."""
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 40 else text[:37] + "..."


def differences_text(found: Sequence[Difference]) -> str:
    """A message with the first differences and the number of others."""
    more = f"; and {len(found) - MOST_SHOWN} more" if len(found) > MOST_SHOWN else ""
    return "; ".join(str(difference) for difference in found[:MOST_SHOWN]) + more
