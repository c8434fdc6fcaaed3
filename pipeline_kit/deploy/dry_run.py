"""What a release would change at its target, found without changing anything."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline_kit.deploy.changes import ObjectChange
from pipeline_kit.deploy.clock import ThisClock
from pipeline_kit.deploy.deployer import same, silent
from pipeline_kit.deploy.record import ReleaseRecord, Revision
from pipeline_kit.deploy.refusals import refuse_older
from pipeline_kit.deploy.request import ReleaseRequest
from pipeline_kit.deploy.store import ReleaseStore
from pipeline_kit.deploy.target import Rollout, Site
from pipeline_kit.errors import ProjectError


@dataclass(frozen=True, slots=True)
class DryRun:
    """The revision that is live, what would change, what stays, and why the release would be refused, if it would."""

    live: Revision | None
    changes: tuple[ObjectChange, ...]
    unchanged: tuple[str, ...]
    refusal: str | None = None
    unfinished: Revision | None = None


def dry_run(site: Site, request: ReleaseRequest) -> DryRun:
    """What the release would change. Raises InfrastructureError where the target fails."""
    record = ReleaseStore(site.records, request.destination.release).load()
    rollout = site.rollout(ThisClock(), unheld, silent)
    refusal = refusal_of(rollout, request, record)
    objects = rollout.changes(request.content, record.live.content if record.live else None)
    changes = tuple(change for change in objects if change.verb)
    unchanged = tuple(change.name for change in objects if not change.verb)
    return DryRun(record.live, changes, unchanged, refusal, record.unfinished)


def refusal_of(rollout: Rollout, request: ReleaseRequest, record: ReleaseRecord) -> str | None:
    """Why the release would be refused, or None where it would not."""
    live = record.live.content if record.live else None
    if live is not None and same(live, request.content):
        return None
    try:
        if not request.rollback:
            refuse_older(request.content, record.live, request.is_before)
        rollout.refuse(request.content, live)
    except ProjectError as error:
        return f"{error.message}" + (f" ({error.hint})" if error.hint else "")
    return None


def unheld() -> None:
    """Nothing is changed, so no lease is needed."""
