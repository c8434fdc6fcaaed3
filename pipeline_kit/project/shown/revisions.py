"""The revisions of a release as JSON, as a table, and one of them as lines. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pipeline_kit.deploy.record import ReleaseRecord, Revision, as_document
from pipeline_kit.errors import UsageError

SHORT = 12
COLUMNS = ("revision", "state", "model", "image", "commit", "date", "what")


def revision_of(record: ReleaseRecord, number: int | None) -> Revision:
    """The revision of that number, or the live one. Raises UsageError if it does not exist."""
    live = record.live if number is None else record.revision(number)
    if live is None:
        known = ", ".join(str(revision.number) for revision in record.revisions) or "none"
        what = "nothing is live" if number is None else f"revision {number} does not exist"
        raise UsageError(what, hint=f"the record has: {known}")
    return live


def document_of(record: ReleaseRecord, revision: Revision) -> dict[str, Any]:
    """A revision as the record has it."""
    document: dict[str, Any] = next(
        entry for entry in as_document(record)["revisions"] if entry["number"] == revision.number
    )
    return document


def list_lines(head: str, record: ReleaseRecord) -> list[str]:
    """The revisions as a table below a first line, oldest first."""
    if not record.revisions:
        return [head, "nothing was released yet"]
    rows = [COLUMNS, *(row_of(revision) for revision in record.revisions)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    table = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return [head, *table]


def row_of(revision: Revision) -> Sequence[str]:
    """A revision as a row."""
    content = revision.content
    return (
        str(revision.number),
        revision.state.value,
        short(content.model_digest),
        short(content.image.rpartition("@")[2]),
        (content.commit or "-")[:SHORT],
        revision.date[:19] + "Z" if revision.date else "-",
        revision.reason or (f"back to revision {revision.rollback_to}" if revision.rollback_to else ""),
    )


def short(digest: str) -> str:
    """The beginning of a digest."""
    return digest.removeprefix("sha256:")[:SHORT]


def show_lines(revision: Revision, objects: Sequence[str]) -> Iterator[str]:
    """A revision with all that it consists of."""
    content = revision.content
    yield f"revision {revision.number}: {revision.state.value}" + (f": {revision.reason}" if revision.reason else "")
    if revision.rollback_to:
        yield f"  goes back to revision {revision.rollback_to}"
    yield f"  image     {content.image}"
    yield f"  model     {content.model_digest}"
    yield f"  commit    {content.commit or 'unknown'}"
    yield f"  begun     {revision.date or 'unknown'} by {revision.by or 'unknown'}; got to: {revision.step}"
    yield f"  manifests {', '.join(objects)}"
