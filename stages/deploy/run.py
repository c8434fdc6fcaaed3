"""The release: verifies the image, releases it as one unit with its manifests, and reports what every pod serves."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

from pipeline_kit.contract.context import StageContext
from pipeline_kit.contract.result import Case, Outcome, StageResult
from pipeline_kit.deploy.deployer import Released, unannounced
from pipeline_kit.deploy.failure import ReleaseError
from pipeline_kit.deploy.release import release
from pipeline_kit.deploy.request import ReleaseRequest
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.job_release.release import job_release

from .settings import settings_of


def run(context: StageContext) -> StageResult:
    """Passed when every pod serves the model by digest; failed, and all as before, where the pods do not.

    Raises ModelError, ProjectError or UsageError for what is refused before any change, InfrastructureError where
    registry or cluster fail or another deployer is active.
    """
    settings = settings_of(context.settings)
    job = job_release(context, settings)
    request = job.request(context.log)
    site = job.site()
    announce = partial(mark, context, request) if settings.tag_image else unannounced
    deployer = job.deployer(site, context.log, announce)
    where = place_of(request, site.name())
    context.log(f"releasing {request.content.image} as {request.destination.release} to {where}")
    try:
        released = release(
            deployer, request.content, request.expected, is_before=request.is_before, rollback=request.rollback
        )
    except ReleaseError as error:
        return failed(request, error)
    return passed(context, request, released, site.name())


def mark(context: StageContext, request: ReleaseRequest, number: int) -> None:
    """Tags the image as released, before anything of it is in the target: no cleanup removes it from then on."""
    tag = f"deployed-{request.destination.environment}-{number}"
    request.image.blobs.push_manifest(request.image.image.stored, tag)
    context.log(f"tagged {request.image.reference.name}:{tag}")


def place_of(request: ReleaseRequest, site: str) -> str:
    """Where the release goes, for messages."""
    return f"{request.destination.environment}: namespace {request.destination.namespace} of {site}"


def failed(request: ReleaseRequest, error: ReleaseError) -> StageResult:
    """The result of a release that its own pods failed."""
    facts: dict[str, Value] = {"image": request.content.image, "environment": request.destination.environment}
    facts["cause"] = error.cause
    detail = "\n".join(error.lines)
    case = Case(f"release to {request.destination.environment}", "deploy", failure=error.message, detail=detail)
    return StageResult(Outcome.FAILED, error.message, error.category, cases=(case,), facts=facts)


def passed(context: StageContext, request: ReleaseRequest, released: Released, site: str) -> StageResult:
    """The result of a release that is live, and the file by which the next environment knows what was verified."""
    before = released.before.number if released.before else None
    facts: dict[str, Value] = {
        "environment": request.destination.environment,
        "namespace": request.destination.namespace,
        "cluster": site,
        "release": request.destination.release,
        "revision": released.revision.number,
        "before": before,
        "image": request.content.image,
        "model": request.content.model_digest,
        "commit": request.content.commit,
        "key": request.image.verified.key,
        "pods": list(released.instances),
    }
    place: Path = context.place("release", "release.json")
    place.write_text(json.dumps({"version": 1, **facts}, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    count = len(released.instances)
    was = "is live" if released.changed else "was live already"
    pods, serve = ("1 pod", "serves") if count == 1 else (f"{count} pods", "serve")
    rows = sum(len(golden.rows) for golden in request.expected.golden)
    predict = "predicts" if count == 1 else "predict"
    asked = f" and {predict} {rows} rows as evaluated" if rows else ""
    return StageResult(
        Outcome.PASSED,
        f"revision {released.revision.number} {was} in {request.destination.environment}: {pods} {serve} "
        f"{request.content.model_digest}{asked}",
        measurements={"revision": released.revision.number, "pods": count, "golden_rows": rows},
        outputs={"release": context.left("release", place)},
        cases=tuple(Case(f"pod {pod} serves the model", "deploy") for pod in released.instances),
        facts=facts,
    )
