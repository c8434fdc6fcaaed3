"""A `result.json` is untrusted input: every field has its form, or the record is refused by name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pipeline_kit.contract.result import JobRecord, Outcome, OutputRecord
from pipeline_kit.errors import Category, DataError
from pipeline_kit.report.record import from_json, to_json

DIGEST = "sha256:" + "a" * 64
RECORD = JobRecord(
    job="train",
    stage="train",
    outcome=Outcome.FAILED,
    reason="naïve",
    category=Category.PROJECT,
    seconds=1.5,
    key=DIGEST,
    commit="1" * 40,
    environment_digest=DIGEST,
    measurements={"f1": 0.5, "rows": 3, "name": "x", "whole": True},
    inputs={"src/a b.py": DIGEST, "data.train": DIGEST},
    outputs={"model": OutputRecord("model/one.json", "model", DIGEST, 12)},
    facts={"rules": [{"metric": "f1", "value": None}]},
)


def changed(**values: Any) -> str:
    """The record's text with other values; an underscore pair leads into an object."""
    document = json.loads(to_json(RECORD))
    for path, value in values.items():
        *folders, name = path.split("__")
        place = document
        for folder in folders:
            place = place[folder]
        place[name] = value
    return json.dumps(document)


def test_a_record_survives() -> None:
    """What the kit writes is what it reads."""
    assert from_json(to_json(RECORD)) == RECORD


PATHS = (
    "", "/etc/passwd", "..", "../x", "a/../b", "a//b", "./a", "a/.", "a/", "a\\b", "a\0b", "a\nb", "\u202ea",
    "x" * 5000,
)  # fmt: skip
DIGESTS = (
    "", "sha256:", "sha256:../../x", "sha256:" + "A" * 64, "sha256:" + "a" * 63, DIGEST + "\n", "/x", "md5:" + "a" * 32,
    "sha256:/" + "a" * 63, "sha256:" + "\u0661" * 64,
)  # fmt: skip
NAMES = ("", ".", "..", "../x", "a/b", "-x", "a\n", "a b", "x" * 300, "é")
OTHERS: tuple[Any, ...] = (None, 1, True, [], {}, "x", 1.5)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("outputs__model__path", (*PATHS, *(value for value in OTHERS if not isinstance(value, str)))),
        ("outputs__model__digest", (*DIGESTS, *OTHERS)),
        ("outputs__model__kind", NAMES),
        ("outputs__model__size", (-1, 1.5, "1", None, True)),
        ("outputs__model", (None, "x", [])),
        ("outputs", (None, "x", [], {"../x": {"path": "a", "kind": "model", "digest": DIGEST, "size": 1}})),
        ("key", (*(digest for digest in DIGESTS if digest), *(value for value in OTHERS))),
        ("commit", ("", "HEAD", "--upload-pack=x", "1" * 39, "1" * 40 + "\n", 1)),
        ("environment_digest", (*DIGESTS, 1, [])),
        ("job", (*NAMES, None, 1)),
        ("stage", (*NAMES, None, 1)),
        ("outcome", ("", "PASSED", "ok", None, 1)),
        ("category", ("", "x", 1)),
        ("reason", (None, 1, [])),
        ("cause", (1, [])),
        ("seconds", (-1, "1", None, True)),
        ("cached", (0, "false", None)),
        ("inputs", (None, [], {"a": "x"}, {"a": None}, {"a": 1})),
        ("measurements", (None, [], {"a": None}, {"a": []}, {"a": {}})),
        ("facts", (None, [], "x")),
        ("version", (0, 2, "1", None)),
    ],
)
def test_a_field_of_another_form_is_refused(field: str, values: tuple[Any, ...]) -> None:
    """The error names the document, and never ends in a traceback."""
    for value in values:
        with pytest.raises(DataError, match=r"result\.json"):
            from_json(changed(**{field: value}))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{",
        "{}",
        '"x"',
        "[" * 100_000,
        '{"a":' * 100_000,
        changed(facts={"deep": json.loads("[" * 80 + "]" * 80)}),
        changed(facts={"text": "\ud800"}),
        changed(facts={"\ud800": 1}),
        changed(reason="\udcff"),
        changed(seconds=float("nan")),
        changed(seconds=float("inf")),
        changed().replace("1.5", "1e999"),
        changed().replace('"reason"', '"job": "other", "reason"'),
        changed().replace("1.5", "9" * 5000),
        to_json(RECORD)[:-20],
    ],
    ids=lambda text: repr(text[:12]),
)
def test_a_document_that_is_not_strict_is_refused(text: str) -> None:
    """Truncated, too deep, doubled, not finite or not Unicode: all are one error with the document's name."""
    with pytest.raises(DataError, match=r"result\.json"):
        from_json(text)


def test_bytes_that_are_not_utf_8_are_refused() -> None:
    """A document in another encoding is an error with a hint."""
    for content in (to_json(RECORD).encode("utf-16"), b"\xff", b"\xef\xbb\xbf" + to_json(RECORD).encode()):
        with pytest.raises(DataError, match=r"result\.json is damaged"):
            from_json(content)
