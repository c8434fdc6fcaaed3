"""A job's record as `result.json`, and back."""

from __future__ import annotations

import json
from enum import Enum
from typing import TypeVar

from pipeline_kit.contract.result import JobRecord, Outcome, OutputRecord
from pipeline_kit.contract.untrusted_json import COMMIT, DIGEST, IDENTIFIER, Fields, parse_json
from pipeline_kit.errors import Category, DataError

SCHEMA_VERSION = 1


def to_json(record: JobRecord) -> str:
    """The text of `result.json`: sorted keys, two spaces, a final newline."""
    document = {
        "version": SCHEMA_VERSION,
        "job": record.job,
        "stage": record.stage,
        "outcome": record.outcome.value,
        "reason": record.reason,
        "category": record.category.value if record.category else None,
        "cause": record.cause,
        "seconds": round(record.seconds, 3),
        "cached": record.cached,
        "key": record.key,
        "commit": record.commit,
        "environment_digest": record.environment_digest,
        "measurements": dict(record.measurements),
        "inputs": dict(record.inputs),
        "outputs": {
            name: {"path": output.path, "kind": output.kind, "digest": output.digest, "size": output.size}
            for name, output in record.outputs.items()
        },
        "facts": dict(record.facts),
        "origin": record.origin,
    }
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def from_json(content: str | bytes, name: str = "result.json") -> JobRecord:
    """The record in the text of a `result.json`, which is untrusted: whoever wrote it, every field has its form.

    Raises DataError when it is truncated, foreign, too new, or a path or a digest in it is malformed.
    """
    document = parse_json(content.encode() if isinstance(content, str) else content, name)
    if isinstance(document, dict) and document.get("version", SCHEMA_VERSION) != SCHEMA_VERSION:
        version = str(document["version"])[:20]
        raise DataError(f"{name} has schema version {version}", hint="run the job again with this kit")
    return record_of(Fields.of(document, name))


def record_of(fields: Fields) -> JobRecord:
    """The record in a parsed `result.json`."""
    return JobRecord(
        job=fields.text("job", IDENTIFIER, "a job's name"),
        stage=fields.text("stage", IDENTIFIER, "a stage's name"),
        outcome=member(fields, "outcome", Outcome),
        reason=fields.text("reason"),
        category=member(fields, "category", Category) if fields.optional("category") is not None else None,
        cause=fields.optional("cause"),
        seconds=fields.number("seconds"),
        cached=fields.flag("cached"),
        key=fields.text("key", DIGEST, "a digest") if fields.text("key") else "",
        commit=fields.optional("commit", COMMIT, "a commit"),
        environment_digest=fields.optional("environment_digest", DIGEST, "a digest"),
        measurements=measurements_of(fields.mapping("measurements")),
        inputs=digests_of(fields.mapping("inputs")),
        outputs=outputs_of(fields.mapping("outputs")),
        facts=fields.mapping("facts").values,
        origin=fields.text("origin") if "origin" in fields.values else "",
    )


Choice = TypeVar("Choice", bound=Enum)


def member(fields: Fields, key: str, choices: type[Choice]) -> Choice:
    """The member of an enum that a field names by its value."""
    try:
        return choices(fields.text(key))
    except ValueError:
        raise fields.wrong(key, f"one of {', '.join(str(choice.value) for choice in choices)}") from None


def measurements_of(fields: Fields) -> dict[str, float | int | str | bool]:
    """The measurements: flat values by name."""
    for name, value in fields.values.items():
        if not isinstance(value, float | int | str | bool):
            raise fields.wrong(name, "a number, a text, true or false")
    return dict(fields.values)


def digests_of(fields: Fields) -> dict[str, str]:
    """The digests of the inputs, by name."""
    return {name: fields.text(name, DIGEST, "a digest") for name in fields.values}


def outputs_of(fields: Fields) -> dict[str, OutputRecord]:
    """The outputs by name."""
    outputs: dict[str, OutputRecord] = {}
    for name in fields.values:
        if not IDENTIFIER.fullmatch(name):
            raise fields.wrong(name, "an output's name")
        entry = fields.mapping(name)
        kind, digest = entry.text("kind", IDENTIFIER, "a kind"), entry.text("digest", DIGEST, "a digest")
        outputs[name] = OutputRecord(entry.path("path"), kind, digest, entry.count("size"))
    return outputs
