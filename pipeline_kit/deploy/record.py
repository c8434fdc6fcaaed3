"""What a release was, is and becomes: revisions with all that they consist of, and how far the newest one got. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from pipeline_kit.contract.cluster import Object
from pipeline_kit.deploy.steps import is_name
from pipeline_kit.errors import ProjectError

VERSION = 1
PREPARED = "prepared"
"""The step of a revision of which nothing is in the target yet; all others are a strategy's."""
LIVE = "live"
"""The step of a revision that went through all of them."""
KEPT = 10
"""Revisions that the record keeps, beside the one that is live: all of it must fit into one Secret."""


class DamagedRecordError(ProjectError):
    """The record cannot be read: it is not a record, or not whole. `holder` is what holds it, such as `the Secret`."""

    def __init__(self, message: str, holder: str = "it") -> None:
        hint = f"restore {holder}, or delete it and the objects of the release: the next one then counts as the first"
        super().__init__(message, hint=hint)


class State(Enum):
    """The state of a revision; at most one is begun or being rolled back, and at most one is live."""

    BEGUN = "begun"
    TAKING_BACK = "taking back"
    LIVE = "live"
    REPLACED = "replaced"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Content:
    """What a revision consists of, released and rolled back as one: image, model, manifests and how it is queried."""

    image: str
    model_digest: str
    manifests: tuple[Object, ...]
    port: int
    commit: str | None = None
    commit_time: int = 0


@dataclass(frozen=True, slots=True)
class Revision:
    """A numbered content, what became of it, and why. `rollback_to` is the number of the revision it goes back to.

    `step` names the step of its strategy that was begun last. `strategy` is None in records of kits that had only one.
    """

    number: int
    content: Content
    state: State = State.BEGUN
    step: str = PREPARED
    reason: str = ""
    date: str = ""
    by: str = ""
    rollback_to: int | None = None
    strategy: str | None = None


@dataclass(frozen=True, slots=True)
class ReleaseRecord:
    """All revisions that are kept, oldest first."""

    release: str
    revisions: tuple[Revision, ...] = ()

    @property
    def live(self) -> Revision | None:
        """The revision that serves, or will serve again when the unfinished one is rolled back."""
        return next((revision for revision in self.revisions if revision.state is State.LIVE), None)

    @property
    def unfinished(self) -> Revision | None:
        """The revision that was begun and neither became live nor was rolled back."""
        return next(
            (revision for revision in self.revisions if revision.state in (State.BEGUN, State.TAKING_BACK)), None
        )

    @property
    def next_number(self) -> int:
        """The number of the next revision: one more than any that is known."""
        return max((revision.number for revision in self.revisions), default=0) + 1

    def revision(self, number: int) -> Revision | None:
        """The revision of that number, or None."""
        return next((revision for revision in self.revisions if revision.number == number), None)

    @property
    def before_live(self) -> Revision | None:
        """The newest revision that has been live before the one that is."""
        return next((revision for revision in reversed(self.revisions) if revision.state is State.REPLACED), None)


def begin(record: ReleaseRecord, revision: Revision) -> ReleaseRecord:
    """With a new revision, of which nothing is in the cluster yet."""
    if record.unfinished is not None:
        raise AssertionError("a revision is begun while another is unfinished")
    kept = [revision for revision in record.revisions if revision.state is not State.LIVE][-KEPT + 1 :]
    live = [revision for revision in record.revisions if revision.state is State.LIVE]
    return replace(record, revisions=(*sorted((*kept, *live), key=lambda each: each.number), revision))


def advance(record: ReleaseRecord, step: str) -> ReleaseRecord:
    """With the unfinished revision at that step."""
    return change(record, lambda each: replace(each, step=step))


def abandon(record: ReleaseRecord, reason: str) -> ReleaseRecord:
    """With the unfinished revision on its way back."""
    return change(record, lambda each: replace(each, state=State.TAKING_BACK, reason=each.reason or reason))


def rolled_back(record: ReleaseRecord) -> ReleaseRecord:
    """With the unfinished revision as failed; what was live still is."""
    return change(record, lambda each: replace(each, state=State.FAILED))


def finish(record: ReleaseRecord) -> ReleaseRecord:
    """With the unfinished revision live, and the one that was as replaced."""
    replaced = tuple(
        replace(revision, state=State.REPLACED) if revision.state is State.LIVE else revision
        for revision in record.revisions
    )
    return change(replace(record, revisions=replaced), lambda each: replace(each, state=State.LIVE, step=LIVE))


def change(record: ReleaseRecord, become: Any) -> ReleaseRecord:
    """With the unfinished revision become another."""
    unfinished = record.unfinished
    revisions = tuple(become(revision) if revision is unfinished else revision for revision in record.revisions)
    return replace(record, revisions=revisions)


def as_document(record: ReleaseRecord) -> dict[str, Any]:
    """The record as JSON has it."""
    return {
        "version": VERSION,
        "release": record.release,
        "revisions": [_revision(revision) for revision in record.revisions],
    }


def _revision(revision: Revision) -> dict[str, Any]:
    content = revision.content
    return {
        "number": revision.number,
        "state": revision.state.value,
        "step": revision.step,
        "reason": revision.reason,
        "date": revision.date,
        "by": revision.by,
        "rollback_to": revision.rollback_to,
        "strategy": revision.strategy,
        "image": content.image,
        "model_digest": content.model_digest,
        "port": content.port,
        "commit": content.commit,
        "commit_time": content.commit_time,
        "manifests": [dict(manifest) for manifest in content.manifests],
    }


def read_record(document: Mapping[str, Any], holder: str = "it") -> ReleaseRecord:
    """The record of a document. Raises DamagedRecordError, or ProjectError where it is of a newer kit."""
    if not isinstance(document.get("version"), int):
        raise DamagedRecordError("the release's record is damaged: it says no version", holder)
    if document["version"] != VERSION:
        message = f"the release's record has version {document['version']!r}, not {VERSION}"
        raise ProjectError(message, hint="use a kit as new as the one that wrote it")
    try:
        revisions = tuple(_read_revision(entry) for entry in document["revisions"])
        return ReleaseRecord(str(document["release"]), revisions)
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedRecordError(f"the release's record is damaged: {error!r}", holder) from error


def _read_revision(found: Mapping[str, Any]) -> Revision:
    manifests: Sequence[Object] = found["manifests"]
    content = Content(
        image=str(found["image"]),
        model_digest=str(found["model_digest"]),
        manifests=tuple(dict(manifest) for manifest in manifests),
        port=int(found["port"]),
        commit=found["commit"],
        commit_time=int(found["commit_time"]),
    )
    return Revision(
        number=int(found["number"]),
        content=content,
        state=State(found["state"]),
        step=read_name(found["step"]),
        reason=str(found["reason"]),
        date=str(found["date"]),
        by=str(found["by"]),
        rollback_to=found["rollback_to"],
        strategy=read_name(strategy) if (strategy := found.get("strategy")) is not None else None,
    )


def read_name(name: object) -> str:
    """The name of a step or a strategy. Raises ValueError for what cannot be one."""
    if not is_name(name):
        raise ValueError(f"{str(name)[:60]!r} is not a name")
    return str(name)
