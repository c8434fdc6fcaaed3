import asyncio
import hashlib
import json
import logging

import pytest

from model.rows import Rows, fault
from model.served import NotServable, digest_of, read_served
from model.server import Lines, Serving

COLUMNS = [
    {"name": "x", "type": "number", "min": 0, "max": 10},
    {"name": "kind", "type": "category", "values": ["a", "b"], "missing": 0.5},
]


class Doubling:
    def __init__(self, model, parameters):
        self.by = int(model.read_text()) * parameters["times"]

    def predict(self, rows):
        return [{"prediction": row["x"] * self.by} for row in rows]


@pytest.fixture
def app(tmp_path):
    for name, content in {
        "model/model.txt": "2",
        "config/inputs.json": {"version": 1, "columns": COLUMNS, "id": "id"},
        "config/manifest.json": {
            "project": "demo",
            "model": "model/model.txt",
            "model_digest": "sha256:" + hashlib.sha256(b"2").hexdigest(),
            "predict": {"parameters": {"times": 1}},
        },
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content if isinstance(content, str) else json.dumps(content))
    return tmp_path


@pytest.fixture
def serving(app):
    application = Serving(Doubling, app)
    application.load()
    return application


def ask(serving, method, path, body=b""):
    """Status, headers and body of the answer, without a server between."""
    sent = []

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": [], "root_path": ""}
    asyncio.run(serving(scope, receive, send))
    return sent[0]["status"], dict(sent[0]["headers"]), b"".join(message["body"] for message in sent[1:])


def predict(serving, *rows):
    status, _, body = ask(serving, "POST", "/predict", json.dumps({"rows": rows}).encode())
    return status, json.loads(body)


def test_a_row_is_named_by_its_id_or_its_number(serving):
    status, answer = predict(serving, {"x": 1.5, "kind": "a", "id": "seven"}, {"x": 2})
    assert status == 200 and answer["model"] == serving.served.manifest["model_digest"]
    assert answer["predictions"] == [{"id": "seven", "prediction": 3.0}, {"id": 1, "prediction": 4}]


@pytest.mark.parametrize(
    ("row", "column", "problem"),
    [
        ({"x": -1}, "x", "is -1, below 0"),
        ({"x": 10.5}, "x", "is 10.5, above 10"),
        ({"x": "1"}, "x", 'is "1", not a number'),
        ({"x": True}, "x", "is true, not a number"),
        ({"x": None}, "x", "is null"),
        ({"x": [1]}, "x", "is a list, not a number"),
        ({}, "x", "is missing"),
        ({"x": 1, "kind": "c"}, "kind", 'is "c", expected one of a, b'),
        ({"x": 1, "y": 1}, "y", "is unknown"),
        ({"x": 1, "id": 1.5}, "id", "is neither text nor a whole number"),
        (7, None, "is not an object of columns"),
    ],
)
def test_a_problem_has_its_row_and_column(serving, row, column, problem):
    status, answer = predict(serving, {"x": 1}, row)
    assert (status, answer["problems"]) == (422, [{"row": 1, "column": column, "problem": problem}])


def test_all_problems_are_reported_at_once_up_to_a_hundred(serving):
    assert len(predict(serving, {"y": 1}, {"x": 11})[1]["problems"]) == 3
    assert len(predict(serving, *[{"x": 11}] * 200)[1]["problems"]) == 101


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"rows": [{"x": NaN}]}', b"[" * 100_000, b'{"a": 1, "a": 2}'])
def test_invalid_json_is_refused(serving, body):
    status, _, answer = ask(serving, "POST", "/predict", body)
    assert status == 400 and json.loads(answer)["error"].startswith("the body is ")


@pytest.mark.parametrize(
    "body", [b"[]", b'{"rows": []}', b'{"rows": [{"x": 1}], "more": 1}', b'{"rows": [{"x": 1e999}]}']
)
def test_json_other_than_a_request_is_refused(serving, body):
    assert ask(serving, "POST", "/predict", body)[0] == 422


def test_more_than_the_limits_is_refused(serving):
    serving.most_rows, serving.most_bytes = 2, 100
    assert predict(serving, *[{"x": 1}] * 3)[0] == 413
    assert ask(serving, "POST", "/predict", b" " * 101)[0] == 413
    serving.most_waiting = 0
    assert predict(serving, {"x": 1})[0] == 503


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("integer", 3, 3.5),
        ("boolean", False, 0),
        ("date", "2026-01-31", "31 January"),
        ("text", "any", 3),
        ("number", 3, 10**400),
    ],
)
def test_values_must_have_their_columns_type(kind, good, bad):
    column = {"name": "x", "type": kind}
    assert fault(good, column) is None and fault(bad, column)


def test_columns_that_the_model_does_not_use_may_be_left_out():
    rows = Rows({"columns": COLUMNS, "id": None}, more=[{"name": "z", "type": "text"}], optional=["x"])
    assert rows.read(b'{"rows": [{"z": ""}]}', 1) == [{"z": ""}]


def test_another_model_is_never_served_and_the_reason_is_reported(app):
    (app / "model/model.txt").write_text("3")
    serving = Serving(Doubling, app)
    assert ask(serving, "GET", "/readyz")[0] == 503
    serving.load()
    status, _, body = ask(serving, "GET", "/readyz")
    assert status == 503 and "not served: the model is sha256:" in json.loads(body)["reason"]
    assert predict(serving, {"x": 1})[0] == ask(serving, "GET", "/model")[0] == 503
    assert ask(serving, "GET", "/healthz")[0] == 200


def test_a_model_that_cannot_be_loaded_is_not_served(app):
    serving = Serving(lambda model, parameters: 1 / 0, app)
    serving.load()
    assert "ZeroDivisionError" in serving.reason


@pytest.mark.parametrize("name", ["config/manifest.json", "config/inputs.json", "model/model.txt"])
def test_a_missing_file_is_named(app, name):
    (app / name).unlink()
    with pytest.raises(NotServable, match=name):
        read_served(app).verify()


def test_the_digest_of_a_folder_is_of_its_paths_and_contents(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_text("2")
    two = "sha256:" + hashlib.sha256(b"2").hexdigest()
    text = json.dumps({"a/b": two}, separators=(",", ":"))
    assert digest_of(tmp_path) == "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def test_a_draining_server_still_answers_but_is_not_ready(serving):
    assert ask(serving, "GET", "/readyz")[0] == 200
    serving.drain()
    assert ask(serving, "GET", "/readyz")[0] == 503
    status, headers, _ = ask(serving, "POST", "/predict", b'{"rows": [{"x": 1}]}')
    assert status == 200 and headers[b"connection"] == b"close"


def test_what_the_model_is_and_what_was_asked_is_counted(serving):
    assert json.loads(ask(serving, "GET", "/model")[2])["project"] == "demo"
    assert ask(serving, "GET", "/predict")[0] == 405 and ask(serving, "GET", "/else")[0] == 404
    predict(serving, {"x": 1}, {"x": 2})
    text = ask(serving, "GET", "/metrics")[2].decode()
    assert "serving_rows_total 2.0" in text and "serving_ready 1.0" in text
    assert 'serving_requests_total{code="404",path="other"} 1.0' in text


def test_a_failing_model_is_reported_without_its_rows_also_in_the_log(serving, caplog):
    def fail(rows):
        raise ValueError(f"secret {rows}")

    serving.predictor.predict = fail
    with caplog.at_level(logging.INFO):
        status, answer = predict(serving, {"x": 1})
    assert (status, answer) == (500, {"error": "the model failed on these rows"})
    line = next(json.loads(Lines().format(record)) for record in caplog.records if record.exc_info)
    assert line["error"] == "ValueError" and "secret" not in json.dumps(line)


def test_a_line_of_the_log_is_json():
    record = logging.makeLogRecord({"msg": "request", "levelname": "INFO", "fields": {"status": 200}})
    assert json.loads(Lines().format(record))["status"] == 200
