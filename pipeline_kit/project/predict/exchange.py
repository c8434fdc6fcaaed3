"""The body of a request for predictions, and what an answer says: the predictions, or whose fault it is. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from pipeline_kit.contract.serving import Answer
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.errors import DataError, ModelError
from pipeline_kit.images.serve.golden_requests import answer_of, request_of

MOST_PROBLEMS = 10

Row = Mapping[str, Value]
"""A row of a request, or a prediction: values by column."""


def request_body(rows: Sequence[Row]) -> bytes:
    """The body of a request. Raises DataError where a number is not finite, which JSON cannot say."""
    try:
        return request_of(rows)
    except ValueError as error:
        raise DataError("a number in the rows is not finite", hint="leave a cell empty that has no value") from error


def predictions_in(answer: Answer | None, start: int, count: int) -> tuple[list[dict[str, Value]], str]:
    """The predictions of `count` rows, the first of which is row `start` of the file, and the digest of the model.

    Raises DataError for rows that the image refuses, ModelError for any other answer.
    """
    if answer is None or answer.status != 200:
        raise refusal(answer, start)
    predictions, model = answer_of(answer.body)
    if len(predictions) != count:
        raise ModelError(f"the image answers {len(predictions)} predictions of {count} rows")
    return predictions, model


def refusal(answer: Answer | None, start: int) -> ModelError | DataError:
    """The error for an answer without a prediction: the fault of the rows, or of the image."""
    if answer is None:
        return ModelError("the image gives no answer")
    try:
        document = json.loads(answer.body)
        problems = [problem_text(problem, start) for problem in document.get("problems", ())]
        message = str(document["error"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return ModelError(f"the image answers {answer.status} and no JSON")
    if answer.status >= 500:
        return ModelError(f"the image answers {answer.status}: {message}")
    return DataError(f"the image refuses the request: {message}", hint="; ".join(problems[:MOST_PROBLEMS]) or None)


def problem_text(problem: Mapping[str, Value], start: int) -> str:
    """What the image says of one cell, its row counted from 0 in the file."""
    row = problem["row"]
    where = f"row {row + start}: " if isinstance(row, int) else ""
    return f"{where}{problem['column'] or 'it'} {problem['problem']}"
