"""A job's record as `result.json`, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pipeline_kit.contract.result import JobRecord, Outcome, OutputRecord
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
    }
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def from_json(text: str, name: str = "result.json") -> JobRecord:
    """The record in the text of a `result.json`. Raises DataError when it is truncated, foreign or too new."""
    try:
        document = json.loads(text)
        if document["version"] != SCHEMA_VERSION:
            raise DataError(f"{name} has schema version {document['version']}", hint="run the job again with this kit")
        return record_of(document)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{name} is damaged: {error!r}", hint="run its job again") from error


def record_of(document: Mapping[str, Any]) -> JobRecord:
    """The record in a parsed `result.json`."""
    return JobRecord(
        job=document["job"],
        stage=document["stage"],
        outcome=Outcome(document["outcome"]),
        reason=document["reason"],
        category=Category(document["category"]) if document["category"] else None,
        cause=document["cause"],
        seconds=document["seconds"],
        cached=document["cached"],
        key=document["key"],
        commit=document["commit"],
        environment_digest=document["environment_digest"],
        measurements=document["measurements"],
        inputs=document["inputs"],
        outputs={
            name: OutputRecord(entry["path"], entry["kind"], entry["digest"], entry["size"])
            for name, entry in document["outputs"].items()
        },
        facts=document["facts"],
    )
