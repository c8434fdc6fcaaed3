"""Why a job ran, came from the cache, or did not run: stored beside its result for `pipeline-kit why`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from pipeline_kit.adapters.files import write_atomically
from pipeline_kit.adapters.own_files import read_regular
from pipeline_kit.contract.result import JobRecord
from pipeline_kit.contract.untrusted_json import MOST_BYTES, parse_json
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.errors import DataError
from pipeline_kit.runner.key import changed


def write_why(path: Path, record: JobRecord, parts: Mapping[str, Value]) -> None:
    """Stores the key's parts and a sentence on what changed since the last time."""
    before = read_why(path)
    old = before.get("parts")
    text = explain(record, old if isinstance(old, Mapping) and old else None, parts)
    document = {"job": record.job, "why": text, "outcome": record.outcome.value, "parts": parts or old or {}}
    write_atomically(path, json.dumps(document, sort_keys=True), lasting=False)


def read_why(path: Path) -> Mapping[str, Value]:
    """The stored document, empty where it is missing or malformed."""
    try:
        document = parse_json(read_regular(path, MOST_BYTES), path.name)
    except (OSError, DataError):
        return {}
    return document if isinstance(document, dict) else {}


def explain(record: JobRecord, before: Mapping[str, Value] | None, now: Mapping[str, Value]) -> str:
    """The sentence that `why` prints."""
    if not now:
        return f"{record.outcome.value}: {record.reason}"
    if record.cached:
        return "taken from the cache: nothing that decides its result has changed"
    if before is None:
        return "ran: it has not run in this directory before"
    phrases = changed(before, now)
    if phrases:
        return "ran: changed since the last time: " + "; ".join(phrases)
    return (
        "ran: nothing changed, but its result was not in the cache, it never is for this stage, or --no-cache was given"
    )
