"""Predictions and the truth they are judged by, joined by the rows' ids.

A table of predictions has the columns `id` (the dataset's id, or the row's number from 0) and `prediction`, and for
classes either `probability` (of the positive one of two) or a `probability_<class>` for every class. Truth and
slices come from the dataset, never from the model's code. Nothing is dropped and nothing is assumed: every
dataset row has one prediction or the table is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from pipeline_kit.errors import DataError
from pipeline_kit.gates.confusion import sort_labels
from pipeline_kit.gates.tables import Table, read_table
from pipeline_kit.gates.task import Task
from pipeline_kit.suggest import did_you_mean

PROBABILITY = "probability"
SUM_TOLERANCE = 1e-3  # probabilities written with four digits for ten classes add up to within 5e-4
MOST_CLASSES = 1000


@dataclass(frozen=True, slots=True)
class Truth:
    """A dataset's rows as a judge sees them: ids, targets, and the values of the columns to slice by."""

    table: Table
    ids: Sequence[str]
    targets: Sequence[str]
    slices: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Predicted:
    """What was predicted for each row of the truth, in the truth's order.

    Labels for classes, numbers for regression. `probabilities` has a column a class, or is empty where the model
    gives none; for two classes with a single `probability` it is that of the positive one.
    """

    labels: Sequence[str] = ()
    numbers: Sequence[float] = ()
    probabilities: Mapping[str, Sequence[float]] | None = None


def read_truth(path: Path, label: str, *, target: str, id_column: str | None, slices: Sequence[str] = ()) -> Truth:
    """The truth in a dataset. Raises DataError at the first row without a target, or with an id seen before."""
    expected = {target, *slices} | ({id_column} if id_column else set())
    table = read_table(path, label, lambda name: name in expected)
    targets = table.column(target)
    ids = table.column(id_column) if id_column else [str(row) for row in range(table.rows)]
    _refuse_first(table, targets, "no target", lambda cell: not cell.strip())
    _refuse_first(table, ids, "no id", lambda cell: not cell)
    _refuse_doubled_ids(table, ids)
    return Truth(table, ids, targets, {name: table.column(name) for name in slices})


def read_predictions(path: Path, label: str, truth: Truth, task: Task, positive: str) -> Predicted:
    """The predictions in a file, in the order of the truth's rows. Raises DataError at the first that is unsound."""
    table = read_table(path, label, lambda name: True, whole_last_line=True)
    _check_columns(table, task)
    order = _join(table, truth)
    cells = table.column("prediction")
    if task is Task.REGRESSION:
        numbers = _numbers(table, "prediction", cells)
        return Predicted(numbers=[numbers[row] for row in order])
    _refuse_first(table, cells, "no prediction", lambda cell: not cell.strip())
    chances = _probabilities(table, positive)
    _check_classes(table, truth, task, positive, set(chances) if chances else set())
    ordered = {name: [values[row] for row in order] for name, values in chances.items()} if chances else None
    return Predicted(labels=[cells[row] for row in order], probabilities=ordered)


def true_numbers(truth: Truth) -> list[float]:
    """The targets as numbers. Raises DataError at the first that is not a finite number."""
    return _numbers(truth.table, "the target", truth.targets)


def _check_columns(table: Table, task: Task) -> None:
    known = ("id", "prediction") if task is Task.REGRESSION else ("id", "prediction", PROBABILITY)
    for name in ("id", "prediction"):
        table.column(name)
    named = [name for name in table.names if name.startswith(f"{PROBABILITY}_") and task is not Task.REGRESSION]
    for name in table.names:
        if name not in known and name not in named:
            raise DataError(f"{table.label} has an unknown column {name!r}", hint=did_you_mean(name, known, "columns"))
    if PROBABILITY in table.names and named:
        raise DataError(f"{table.label} has both {PROBABILITY!r} and {named[0]!r}", hint="write one of the two forms")
    if PROBABILITY in table.names and task is Task.MULTICLASS:
        hint = f"write {PROBABILITY}_<class> for every class"
        raise DataError(f"{table.label} has one {PROBABILITY!r} for many classes", hint=hint)


def _join(table: Table, truth: Truth) -> list[int]:
    """For each row of the truth, the row of the table that predicts it."""
    ids = table.column("id")
    _refuse_doubled_ids(table, ids)
    known = set(truth.ids)
    for row, item in enumerate(ids):
        if item not in known:
            raise DataError(
                f"{table.where(row)} predicts id {_shown(item)}, which {truth.table.label} does not have",
                hint="ids are compared as text: '7', '007' and '7.0' are three",
            )
    places = {item: row for row, item in enumerate(ids)}
    missing = [row for row, item in enumerate(truth.ids) if item not in places]
    if missing:
        first = f"id {_shown(truth.ids[missing[0]])} ({truth.table.where(missing[0])})"
        raise DataError(f"{table.label} predicts {len(missing)} of {len(truth.ids)} rows not at all, first {first}")
    return [places[item] for item in truth.ids]


def _refuse_doubled_ids(table: Table, ids: Sequence[str]) -> None:
    if len(set(ids)) == len(ids):
        return
    seen: dict[str, int] = {}
    for row, item in enumerate(ids):
        if item in seen:
            raise DataError(f"{table.where(row)} has id {_shown(item)} again, first at {table.where(seen[item])}")
        seen[item] = row


def _refuse_first(table: Table, cells: Sequence[str], what: str, bad: Callable[[str], bool]) -> None:
    row = next((row for row, cell in enumerate(cells) if bad(cell)), None)
    if row is not None:
        raise DataError(f"{table.where(row)} has {what}")


def _numbers(table: Table, name: str, cells: Sequence[str]) -> list[float]:
    values = []
    for row, cell in enumerate(cells):
        try:
            value = float(cell.replace("_", "?"))  # Python reads 1_0 as ten, a table of numbers does not mean it
        except ValueError:
            raise DataError(f"{table.where(row)}: {name} is {_shown(cell)}, not a number") from None
        if not isfinite(value):
            raise DataError(f"{table.where(row)}: {name} is {_shown(cell)}, not a finite number")
        values.append(value)
    return values


def _probabilities(table: Table, positive: str) -> dict[str, list[float]]:
    """By class the probabilities in the table's order; a single `probability` is the positive class's."""
    names = [name for name in table.names if name.startswith(PROBABILITY)]
    if len(names) > MOST_CLASSES:
        raise DataError(f"{table.label} has probabilities of {len(names)} classes, more than {MOST_CLASSES}")
    columns: dict[str, list[float]] = {}
    for name in names:
        values = _numbers(table, name, table.column(name))
        row = next((row for row, value in enumerate(values) if not 0.0 <= value <= 1.0), None)
        if row is not None:
            raise DataError(f"{table.where(row)}: {name} is {values[row]!r}, not between 0 and 1")
        columns[positive if name == PROBABILITY else name.removeprefix(f"{PROBABILITY}_")] = values
    if names and names != [PROBABILITY]:
        sums = [sum(values) for values in zip(*columns.values(), strict=True)]
        row = next((row for row, value in enumerate(sums) if abs(value - 1.0) > SUM_TOLERANCE), None)
        if row is not None:
            raise DataError(f"{table.where(row)}: the probabilities add up to {sums[row]:.6g}, not 1")
    return columns


def _check_classes(table: Table, truth: Truth, task: Task, positive: str, named: set[str]) -> None:
    """Raises DataError where the classes of the truth, of the probabilities and of the predictions do not agree."""
    classes = set(truth.targets)
    if task is Task.BINARY:
        classes |= {positive}
        _check_two(truth, classes, positive)
    if PROBABILITY not in table.names and named:
        lacking = sort_labels(classes - named)
        if lacking:
            raise DataError(f"{table.label} has no column {PROBABILITY}_{lacking[0]}, a class of {truth.table.label}")
        classes |= named
    cells = table.column("prediction")
    unknown = sort_labels(set(cells) - classes)
    if task is Task.BINARY and len(classes) + len(unknown) <= 2:
        return  # a truth of one class does not name the other
    if task is Task.BINARY and not unknown:
        raise DataError(f"{table.label} has probabilities of {len(named)} classes, not of two")
    if unknown:
        row = next(row for row, cell in enumerate(cells) if cell in unknown)
        raise DataError(
            f"{table.where(row)} predicts {_shown(cells[row])}, which is not a class of {truth.table.label}",
            hint=f"the classes are {', '.join(sort_labels(classes)[:12])}, compared as text",
        )


def _check_two(truth: Truth, classes: set[str], positive: str) -> None:
    if len(classes) > 2:
        listed = ", ".join(sort_labels(set(truth.targets))[:12])
        raise DataError(
            f"{truth.table.label} has the classes {listed}, and not two of which {positive!r} is the positive one",
            hint="set `positive` to one of two classes, or `task: multiclass`",
        )


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")
