"""What a release would change, as JSON and as lines. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pipeline_kit.deploy.changes import Change, ObjectChange
from pipeline_kit.deploy.dry_run import DryRun
from pipeline_kit.deploy.request import ReleaseRequest

SIGNS = {"created": "+", "changed": "~", "removed": "-"}
WIDEST = 160


def document_of(request: ReleaseRequest, seen: DryRun) -> dict[str, Any]:
    """What would change, for a machine."""
    return {
        "environment": request.destination.environment,
        "namespace": request.destination.namespace,
        "image": request.content.image,
        "model": request.content.model_digest,
        "live": seen.live.number if seen.live else None,
        "refusal": seen.refusal,
        "changes": [
            {"object": change.name, "verb": change.verb, "fields": [as_json(field) for field in change.fields]}
            for change in seen.changes
        ],
        "unchanged": list(seen.unchanged),
    }


def as_json(change: Change) -> dict[str, Any]:
    """A field that would change."""
    return {"path": change.path, "before": change.before, "after": change.after}


def lines_of(request: ReleaseRequest, seen: DryRun) -> Iterator[str]:
    """What would change, to be read."""
    live = f"revision {seen.live.number} is live" if seen.live else "nothing is live yet"
    destination = request.destination
    yield f"{destination.release} in {destination.environment}, namespace {destination.namespace}: {live}"
    if seen.unfinished is not None:
        yield f"revision {seen.unfinished.number} was left unfinished: a release resumes it, or rolls it back first"
    for change in seen.changes:
        if not only_marks(change):
            yield from change_lines(change)
    if marked := [change.name for change in seen.changes if only_marks(change)]:
        yield f"only the kit's labels and annotations: {', '.join(marked)}"
    if seen.unchanged:
        yield f"unchanged: {', '.join(seen.unchanged)}"
    if seen.refusal:
        yield f"it would be refused: {seen.refusal}"
    elif not seen.changes:
        yield "nothing would change"


def only_marks(change: ObjectChange) -> bool:
    """Whether nothing of an object would change but what the kit writes on each: commit, package, model."""
    return change.verb == "changed" and change.fields == change.marks


def change_lines(change: ObjectChange) -> Iterator[str]:
    """One object; a new one without its fields, and without the kit's labels and annotations."""
    yield f"{SIGNS[change.verb]} {change.name}"
    if change.verb == "changed":
        for field in change.fields:
            if field not in change.marks:
                yield f"    {field.path}: {shown(field.before)} -> {shown(field.after)}"


def shown(value: object) -> str:
    """A value on one line; a long one is cut."""
    text = json.dumps(value, ensure_ascii=False) if value is not None else "none"
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"
