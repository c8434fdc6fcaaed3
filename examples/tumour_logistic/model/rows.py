"""The rows of a request: read without trust, and checked by what the model's inputs declare."""

import datetime
import json
import math
from collections.abc import Collection, Iterator, Sequence

MOST_PROBLEMS = 100
"""A request with more problems gets the first of these, and a note that there are more."""
LONGEST_SHOWN = 40


class NotJson(Exception):
    """The body is not JSON. The message gives the reason and quotes nothing of the body."""


class Refused(Exception):
    """Invalid rows: each of `problems` has the row, the column and the fault."""

    def __init__(self, problems: Sequence[dict]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = problems


class TooMany(Exception):
    """More rows than one request may have."""


class Rows:
    """What a request's rows must be: columns by name, each with its type and range.

    `columns` are of `inputs.json`, `more` those that the model's code adds; `optional` are names of columns that a
    request may leave out because the model does not use them. A row's id is always optional: a row without one is
    named by its number, from 0.
    """

    def __init__(self, inputs: dict, more: Sequence[dict] = (), optional: Collection[str] = ()) -> None:
        self.columns = {column["name"]: column for column in (*more, *inputs["columns"])}
        self.identifier = inputs.get("id")
        self.optional = {*optional, self.identifier}

    def read(self, body: bytes, most: int) -> list[dict]:
        """The rows in a body. Raises NotJson, Refused with every problem, or TooMany."""
        document = read_json(body)
        if not isinstance(document, dict) or not isinstance(document.get("rows"), list):
            raise Refused([_problem(None, None, 'the body is not {"rows": [{column: value, ...}, ...]}')])
        rows = document["rows"]
        others = (name[:LONGEST_SHOWN] for name in document if name != "rows")
        problems = [_problem(None, name, "is not part of a request") for name in others]
        if not rows:
            problems.append(_problem(None, None, "`rows` is empty"))
        if len(rows) > most:
            raise TooMany(f"{len(rows)} rows, more than {most}")
        for number, row in enumerate(rows):
            problems.extend(self._problems(number, row))
            if len(problems) > MOST_PROBLEMS:
                raise Refused([*problems[:MOST_PROBLEMS], _problem(None, None, "there are more problems")])
        if problems:
            raise Refused(problems)
        return rows

    def name(self, number: int, row: dict) -> object:
        """The row's name in the answer: its id, else its number."""
        given = row.get(self.identifier) if self.identifier else None
        return number if given is None else given

    def _problems(self, number: int, row: object) -> Iterator[dict]:
        if not isinstance(row, dict):
            yield _problem(number, None, "is not an object of columns")
            return
        for name in row:
            if name not in self.columns and name != self.identifier:
                yield _problem(number, name[:LONGEST_SHOWN], "is unknown")
        if self.identifier not in (None, *self.columns) and not isinstance(row.get(self.identifier), str | int | None):
            yield _problem(number, self.identifier, "is neither text nor a whole number")
        for name, column in self.columns.items():
            value = row.get(name)
            if value is not None:
                wrong = fault(value, column)
            elif name in self.optional or column.get("missing"):
                wrong = None
            else:
                wrong = "is null" if name in row else "is missing"
            if wrong:
                yield _problem(number, name, wrong)


def read_json(body: bytes) -> object:
    """The value of a JSON text in UTF-8, without NaN, infinity and doubled names. Raises NotJson."""
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise NotJson(f"the body is not JSON: {error.msg} at byte {error.pos}") from None
    except UnicodeDecodeError:
        raise NotJson("the body is not in UTF-8") from None
    except RecursionError:
        raise NotJson("the body is nested too deeply") from None
    except ValueError as error:
        raise NotJson(f"the body is not JSON: {error}") from None


def fault(value: object, column: dict) -> str | None:
    """The fault of a value by its column's type, range and values; None for a valid one."""
    kind = column["type"]
    if kind in ("number", "integer"):
        return _number_fault(value, column)
    if kind == "boolean":
        return None if isinstance(value, bool) else f"is {shown(value)}, neither true nor false"
    if not isinstance(value, str):
        return f"is {shown(value)}, not text"
    if column.get("values") and value not in column["values"]:
        return f"is {shown(value)}, expected one of {', '.join(column['values'])}"
    if kind == "date" and not _is_date(value):
        return f"is {shown(value)}, not a date such as 2026-01-31"
    return None


def _number_fault(value: object, column: dict) -> str | None:
    whole = column["type"] == "integer"
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        return f"is {shown(value)}, not a {'whole ' if whole else ''}number"
    try:
        finite = math.isfinite(float(value))
    except OverflowError:
        finite = False
    if not finite:
        return "is not a finite number"
    least, most = column.get("min"), column.get("max")
    if least is not None and value < least:
        return f"is {shown(value)}, below {least:g}"
    if most is not None and value > most:
        return f"is {shown(value)}, above {most:g}"
    return None


def _is_date(text: str) -> bool:
    try:
        datetime.datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def shown(value: object) -> str:
    """A value as messages show it, shortened to LONGEST_SHOWN characters."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = json.dumps(value) if not isinstance(value, int) or abs(value) < 10**LONGEST_SHOWN else "a very long number"
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 3] + "..."


def _problem(row: int | None, column: str | None, problem: str) -> dict:
    return {"row": row, "column": column, "problem": problem}


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _once(pairs: list[tuple[str, object]]) -> dict:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("an object has the same name twice")
    return members
