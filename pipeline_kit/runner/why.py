"""Why a job ran, was taken from the cache, or did not run: kept beside its result for `why`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from pipeline_kit.adapters.files import write_atomically
from pipeline_kit.contract.result import JobRecord
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.runner.key import changed


def write_why(path: Path, record: JobRecord, parts: Mapping[str, Value]) -> None:
    """Keeps the key's parts and, in words, what is different from the time before."""
    before = read_why(path)
    old = before.get("parts")
    text = explain(record, old if isinstance(old, Mapping) and old else None, parts)
    document = {"job": record.job, "why": text, "outcome": record.outcome.value, "parts": parts or old or {}}
    write_atomically(path, json.dumps(document, sort_keys=True), lasting=False)


def read_why(path: Path) -> Mapping[str, Value]:
    """What was kept, or nothing where it is missing or damaged."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def explain(record: JobRecord, before: Mapping[str, Value] | None, now: Mapping[str, Value]) -> str:
    """The sentence that `why` prints."""
    if not now:
        return f"{record.outcome.value}: {record.reason}"
    if record.cached:
        return "taken from the cache: nothing that decides its result has changed"
    if before is None:
        return "ran: it has not run here before"
    phrases = changed(before, now)
    if phrases:
        return "ran: changed since the last time: " + "; ".join(phrases)
    return (
        "ran: nothing changed, but its result was not in the cache, it never is for this stage, or --no-cache was given"
    )
