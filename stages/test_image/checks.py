"""The checks of a running image: each sends requests, and is a case of the report."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from pipeline_kit.contract.result import Case
from pipeline_kit.contract.serving import Server
from pipeline_kit.errors import ModelError
from pipeline_kit.images.names import LABEL_MODEL_DIGEST, LABEL_PACKAGE_DIGEST, LABEL_REVISION
from pipeline_kit.images.serve.golden_requests import (
    Difference,
    Golden,
    answer_of,
    differences,
    differences_text,
    request_of,
)

NO_COLUMN = "no such column"
TOGETHER = 500
"""Rows per request when rows are sent together; the serving application accepts twice as many."""

LABELLED = {"model_digest": LABEL_MODEL_DIGEST, "package": LABEL_PACKAGE_DIGEST, "commit": LABEL_REVISION}


def check_identity(server: Server, labels: Mapping[str, str], evaluated: str | None) -> Case:
    """/model says what the labels say, and both mean the model that was evaluated."""
    name = "it serves the model that was evaluated, and says so"
    answer = server.ask("GET", "/model")
    if answer is None or answer.status != 200:
        return _case(name, f"/model answers {answer.status if answer else 'nothing'}")
    try:
        document = json.loads(answer.body)
        served = {key: document[key] for key in LABELLED}
    except (ValueError, KeyError, TypeError) as error:
        return _case(name, f"/model answers something else: {error!r}")
    for key, label in LABELLED.items():
        if label in labels and served[key] != labels[label]:
            return _case(name, f"{key} is {served[key]}, and {labels[label]} in the label {label}")
    if LABEL_MODEL_DIGEST not in labels:
        return _case(name, f"the image has no label {LABEL_MODEL_DIGEST}")
    if evaluated is not None and served["model_digest"] != evaluated:
        return _case(name, f"the model is {served['model_digest']}, and {evaluated} was evaluated")
    return _case(name, None)


def check_predictions(server: Server, golden: Golden, model: str | None, tolerance: float) -> Sequence[Case]:
    """The rows of a dataset are predicted as in the evaluation, each alone, and all together."""
    words = "bit for bit" if tolerance == 0 else f"within {tolerance:g}"
    ways = {"each row alone": 1, "the rows together": TOGETHER}
    return [
        _case(
            f"{golden.dataset}: {way}, {len(golden.rows)} in all, predicted as in the evaluation, {words}",
            replayed(server, golden, size, model, tolerance),
        )
        for way, size in ways.items()
    ]


def replayed(server: Server, golden: Golden, size: int, model: str | None, tolerance: float) -> str | None:
    """The first differences when rows are predicted `size` at a time; None without any."""
    result: list[Difference] = []
    for start in range(0, len(golden.rows), size):
        rows = golden.rows[start : start + size]
        answer = server.ask("POST", "/predict", request_of(rows))
        if answer is None or answer.status != 200:
            detail = answer.body[:300].decode(errors="replace") if answer else "no answer"
            return (
                f"row {golden.identifiers[start]} and {len(rows) - 1} more: {answer.status if answer else ''} {detail}"
            )
        try:
            predictions, by = answer_of(answer.body)
        except ModelError as error:
            return f"{error.message}: {error.hint}"
        if len(predictions) != len(rows):
            return f"{len(predictions)} predictions of {len(rows)} rows"
        if model is not None and by != model:
            return f"the model {by} answers, not {model}"
        result.extend(differences(golden, predictions, tolerance, start))
    return differences_text(result) if result else None


def check_refusal(server: Server) -> Case:
    """A request with an undeclared column and without the declared ones is refused with 422."""
    name = "a wrong request is refused with 422"
    answer = server.ask("POST", "/predict", request_of([{NO_COLUMN: 1}]))
    if answer is None or answer.status != 422:
        return _case(name, f"it answers {answer.status if answer else 'nothing'}")
    return _case(name, None if NO_COLUMN.encode() in answer.body else "the answer does not name the column")


def check_end(exit_code: int) -> Case:
    """SIGTERM ends it with exit code 0."""
    return _case("SIGTERM ends it with exit code 0", None if exit_code == 0 else f"it ends with {exit_code}")


def _case(name: str, failure: str | None) -> Case:
    return Case(name, "image", failure=failure)
