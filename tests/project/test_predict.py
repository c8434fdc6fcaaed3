"""Rows from files, requests and answers, and the table of predictions; no image and no server is needed."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pipeline_kit.contract.image_reference import LayoutReference
from pipeline_kit.contract.result import JobRecord, Outcome, OutputRecord
from pipeline_kit.contract.serving import Answer
from pipeline_kit.errors import DataError, KitError, ModelError, UsageError
from pipeline_kit.images.serve.running import Configuration
from pipeline_kit.project.predict.exchange import MOST_PROBLEMS, predictions_in, refusal, request_body
from pipeline_kit.project.predict.image import newest_image
from pipeline_kit.project.predict.predict import PredictRequest, predict
from pipeline_kit.project.predict.rows import first_row, read_rows, rows_in_json
from pipeline_kit.project.predict.server import ROWS_PER_REQUEST, query
from pipeline_kit.project.predict.table import table_lines
from pipeline_kit.runner.folders import RESULT, Folders, folders_of

INPUTS = {
    "version": 1,
    "id": "key",
    "columns": [{"name": "size", "type": "number"}, {"name": "old", "type": "boolean"}],
}
CONFIGURATION = Configuration({"metrics": {"test": {}}}, INPUTS)
CUT_OFF = b'{"error": "the rows'


def answer(document: object, status: int = 200) -> Answer:
    """An answer with that document as JSON."""
    return Answer(status, json.dumps(document).encode(), 0.0)


def refused(*problems: Mapping[str, object]) -> Answer:
    """An answer that refuses rows for these problems."""
    return answer({"error": "the rows are not what the model takes", "problems": problems}, 422)


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ('{"rows": [{"a": 1}, {"a": 2}]}', [{"a": 1}, {"a": 2}]),
        ('[{"a": 1}]', [{"a": 1}]),
        ('{"a": 1}', [{"a": 1}]),
        ('{"rows": {"a": 1}}', [{"a": 1}]),
    ],
)
def test_json_holds_rows_in_three_forms(content: str, rows: list[dict[str, int]]) -> None:
    """As a request has them, as a list, or one row alone."""
    assert rows_in_json(content.encode(), "rows.json") == rows


@pytest.mark.parametrize("content", ["[]", '{"rows": []}', "[1]", '[{"a": 1}, null]', "3", '"a"', "null"])
def test_json_without_rows_is_refused(content: str) -> None:
    """Whatever else the document is."""
    with pytest.raises(DataError, match=r"^rows\.json holds no rows"):
        rows_in_json(content.encode(), "rows.json")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b"[" * 100_000])
def test_what_is_not_json_is_refused(content: bytes) -> None:
    """Empty, cut off, not text, or nested without end."""
    with pytest.raises(DataError, match=r"^rows\.json is not JSON: "):
        rows_in_json(content, "rows.json")


def test_a_table_is_read_by_the_columns_types_without_what_is_predicted(tmp_path: Path) -> None:
    """Cells get the types that the image declares, the id stays text, and an empty cell has no value."""
    path = tmp_path / "rows.csv"
    path.write_text("key,size,old,label\n007,1.5,true,1\n8,,false,0\n")
    rows = read_rows(path, CONFIGURATION, frozenset({"label"}))
    assert list(rows) == [{"key": "007", "size": 1.5, "old": True}, {"key": "8", "size": None, "old": False}]


def test_a_json_file_keeps_its_columns(tmp_path: Path) -> None:
    """The image checks them, so the column to predict is sent if it is there."""
    path = tmp_path / "rows.JSON"
    path.write_text('{"size": 1.5, "label": 1}')
    assert read_rows(path, CONFIGURATION, frozenset({"label"})) == [{"size": 1.5, "label": 1}]


@pytest.mark.parametrize(("name", "message"), [("a.csv", "does not exist"), ("a.json", "cannot be read: No such file")])
def test_a_missing_file_is_the_command_lines_fault(tmp_path: Path, name: str, message: str) -> None:
    """For a table and for JSON."""
    with pytest.raises(UsageError, match=message):
        read_rows(tmp_path / name, CONFIGURATION, frozenset())


def test_without_a_project_there_is_no_first_row(tmp_path: Path) -> None:
    """Then the rows must be named."""
    with pytest.raises(UsageError, match="no evaluated dataset to take a row from"):
        first_row(None, tmp_path, CONFIGURATION)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_not_finite_is_not_sent(number: float) -> None:
    """Python reads NaN in a JSON file, and JSON has no such number."""
    with pytest.raises(DataError, match="a number in the rows is not finite"):
        request_body([{"a": 1.0}, {"a": number}])
    assert json.loads(request_body([{"a": 0.1 + 0.2}])) == {"rows": [{"a": 0.1 + 0.2}]}


def test_a_refused_row_is_counted_in_the_file() -> None:
    """From 0, over all requests; a problem of no row or no column says so much."""
    problems = [
        {"row": 1, "column": "size", "problem": "is not a number"},
        {"row": 0, "column": None, "problem": "is not an object of columns"},
        {"row": None, "column": "age", "problem": "is unknown"},
    ]
    error = refusal(refused(*problems), 500)
    assert isinstance(error, DataError)
    assert error.message == "the image refuses the request: the rows are not what the model takes"
    assert error.hint == "row 501: size is not a number; row 500: it is not an object of columns; age is unknown"


def test_a_refusal_shows_few_of_many_problems() -> None:
    """A file with one wrong column has a problem in every row."""
    problems = [{"row": row, "column": "size", "problem": "is missing"} for row in range(200)]
    hint = refusal(refused(*problems), 0).hint
    assert hint is not None
    assert hint.split("; ")[-1] == f"row {MOST_PROBLEMS - 1}: size is missing"


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (None, "the image gives no answer"),
        (answer({"error": "predict failed"}, 500), "the image answers 500: predict failed"),
        (Answer(502, b"<html>", 0.0), "the image answers 502 and no JSON"),
        (Answer(422, CUT_OFF, 0.0), "the image answers 422 and no JSON"),
        (answer(["no object"], 422), "the image answers 422 and no JSON"),
        (answer({"problems": []}, 422), "the image answers 422 and no JSON"),
        (answer({"error": "no", "problems": [1]}, 422), "the image answers 422 and no JSON"),
        (answer({"error": "no", "problems": [{"row": 1}]}, 422), "the image answers 422 and no JSON"),
        (answer({"predictions": [{}], "model": "sha256:a"}), "the image answers 1 predictions of 2 rows"),
        (answer({"predictions": [{}, {}, {}], "model": "sha256:a"}), "the image answers 3 predictions of 2 rows"),
        (answer({"predictions": [1, 2], "model": "sha256:a"}), "the answer holds no predictions"),
        (answer({"predictions": [{}, {}]}), "the answer holds no predictions"),
        (Answer(200, CUT_OFF, 0.0), "the answer holds no predictions"),
    ],
)
def test_an_answer_without_predictions_is_the_images_fault(response: Answer | None, message: str) -> None:
    """A server that fails, answers in another form, or loses or adds a row."""
    with pytest.raises(ModelError) as caught:
        predictions_in(response, 0, 2)
    assert caught.value.message == message


@dataclass
class EchoingServer:
    """Predicts each row's number; refuses a negative one. Keeps the sizes of the requests."""

    sizes: list[int] = field(default_factory=list)

    def ask(self, method: str, path: str, body: bytes | None = None) -> Answer | None:
        """The answer of the serving application's form."""
        assert (method, path) == ("POST", "/predict") and body is not None
        rows: list[dict[str, Any]] = json.loads(body)["rows"]
        self.sizes.append(len(rows))
        for position, row in enumerate(rows):
            if row["number"] < 0:
                return refused({"row": position, "column": "number", "problem": "is negative"})
        return answer({"predictions": [{"prediction": row["number"]} for row in rows], "model": "sha256:a"})


def numbers(values: Sequence[int]) -> list[dict[str, int]]:
    """Rows of one column."""
    return [{"number": value} for value in values]


def test_many_rows_are_sent_in_parts() -> None:
    """The predictions are in the order of the rows."""
    count = 2 * ROWS_PER_REQUEST + 1
    server = EchoingServer()
    predictions, model = query(server, numbers(range(count)))
    assert predictions == tuple({"prediction": number} for number in range(count))
    assert model == "sha256:a"
    assert server.sizes == [ROWS_PER_REQUEST, ROWS_PER_REQUEST, 1]


def test_a_row_that_a_later_request_holds_is_counted_from_the_first() -> None:
    """Its number is that of the file."""
    with pytest.raises(DataError) as caught:
        query(EchoingServer(), numbers([*range(ROWS_PER_REQUEST + 2), -1]))
    assert caught.value.hint == f"row {ROWS_PER_REQUEST + 2}: number is negative"


def test_the_table_has_a_column_for_each_value() -> None:
    """As wide as its widest cell, floats with four digits, nothing at a line's end."""
    rows = [
        {"id": "r1", "prediction": "benign", "probability": 0.123456},
        {"id": "row2", "prediction": "no", "probability": None},
    ]
    assert table_lines(rows) == ["id    prediction  probability", "r1    benign      0.1235", "row2  no          None"]


def test_a_table_of_many_classes_is_narrow() -> None:
    """It shows the probability of the class that was predicted, each row its own."""
    chances = {f"probability_{digit}": digit / 10 for digit in range(10)}
    rows = [{"id": 0, "prediction": 7, **chances}, {"id": 1, "prediction": 3, **chances}]
    assert table_lines(rows) == ["id  prediction  probability", "0   7           0.7", "1   3           0.3"]


def test_four_columns_fit_a_line() -> None:
    """Two classes keep both probabilities."""
    row = {"id": 0, "prediction": 1, "probability_0": 0.25, "probability_1": 0.75}
    assert table_lines([row])[0] == "id  prediction  probability_0  probability_1"


def test_no_predictions_are_an_empty_table() -> None:
    """It still has a line."""
    assert table_lines([]) == [""]


def test_an_image_and_an_environment_exclude_each_other(tmp_path: Path) -> None:
    """Before anything is read."""
    with pytest.raises(UsageError, match="an image and an environment are named"):
        predict(PredictRequest(tmp_path / "missing", image="oci:a", environment="production"), no_log)


def built(folders: Folders, job: str, outcome: Outcome, at: int) -> Path:
    """A job's record of an image, written at that time in seconds; the image's folder."""
    out = folders.out(job)
    out.mkdir(parents=True)
    output = OutputRecord("image", "image", "sha256:" + "0" * 64, 1)
    folders.write(JobRecord(job, "image", outcome, "done", outputs={"image": output}))
    os.utime(out / RESULT, (at, at))
    return out / "image"


def test_the_newest_image_is_that_of_the_last_job_that_passed(tmp_path: Path) -> None:
    """By the time of the record; a job that failed has no image, whatever its folder holds."""
    folders = folders_of(tmp_path)
    built(folders, "a_package_image", Outcome.PASSED, 20)
    newest = built(folders, "b_package_image", Outcome.PASSED, 30)
    built(folders, "c_package_image", Outcome.PASSED, 10)
    built(folders, "d_package_image", Outcome.FAILED, 40)
    elsewhere = built(folders, "e_package_image", Outcome.PASSED, 50).with_name(RESULT)
    elsewhere.write_text(elsewhere.read_text().replace("done", "made elsewhere"))
    os.utime(elsewhere, (50, 50))
    assert newest_image(folders) == LayoutReference(newest)


def test_without_an_image_that_was_built_one_must_be_named(tmp_path: Path) -> None:
    """In a folder without a project too."""
    with pytest.raises(KitError, match="no run has made an image here"):
        predict(PredictRequest(tmp_path), no_log)


def no_log(line: str) -> None:
    """Nothing is logged before the request is refused."""
    raise AssertionError(line)
