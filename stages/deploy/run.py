"""The release: proves the image, brings it live as one unit with its manifests, and says what every pod serves."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

from pipeline_kit.contract.context import StageContext
from pipeline_kit.contract.result import Case, Outcome, StageResult
from pipeline_kit.contract.settings import flag
from pipeline_kit.deploy.clock import ThisClock
from pipeline_kit.deploy.deployer import Deployer, Released
from pipeline_kit.deploy.failure import ReleaseError
from pipeline_kit.deploy.intent import Intent, cluster_of, intent_of
from pipeline_kit.deploy.lease import Lease
from pipeline_kit.deploy.release import release
from pipeline_kit.descriptor.parameter import Value

TAKEN_BACK = "; revision "
"""Where a failed release's message goes on to say what became of it."""


def run(context: StageContext) -> StageResult:
    """Passed when every pod serves the model by digest; failed, and all as before, where the pods do not.

    Raises ModelError, ProjectError or UsageError for what is refused before any change, InfrastructureError where
    registry or cluster fail or somebody else is at work.
    """
    intent = intent_of(context)
    cluster, clock = cluster_of(context), ThisClock()
    lease = Lease(cluster, intent.place.namespace, intent.place.release, holder=intent.place.by, clock=clock)
    announce = partial(mark, context, intent)
    deployer = Deployer(cluster, clock, lease, intent.place, log=context.log, announce=announce)
    context.log(f"releasing {intent.content.image} as {intent.place.release} to {told_place(intent, cluster.name())}")
    try:
        released = release(
            deployer, intent.content, intent.expected, is_before=intent.is_before, rollback=intent.rollback
        )
    except ReleaseError as error:
        return failed(intent, error)
    return passed(context, intent, released, cluster.name())


def mark(context: StageContext, intent: Intent, number: int) -> None:
    """Tags the image as released, before anything of it is in the cluster: no sweep removes it from then on."""
    if not flag(context.settings, "tag_image"):
        return
    tag = f"deployed-{intent.place.environment}-{number}"
    intent.image.blobs.push_manifest(intent.image.image.stored, tag)
    context.log(f"tagged {intent.image.reference.name}:{tag}")


def told_place(intent: Intent, cluster: str) -> str:
    """Where the release goes, in words."""
    return f"{intent.place.environment}: namespace {intent.place.namespace} of {cluster}"


def failed(intent: Intent, error: ReleaseError) -> StageResult:
    """The result of a release that its own pods failed."""
    facts: dict[str, Value] = {"image": intent.content.image, "environment": intent.place.environment}
    facts["cause"] = error.lines[-1] if error.lines else error.message.partition(TAKEN_BACK)[0]
    detail = "\n".join(error.lines)
    case = Case(f"release to {intent.place.environment}", "deploy", failure=error.message, detail=detail)
    return StageResult(Outcome.FAILED, error.message, error.category, cases=(case,), facts=facts)


def passed(context: StageContext, intent: Intent, released: Released, cluster: str) -> StageResult:
    """The result of a release that is live, and the file by which the next environment knows what was verified."""
    before = released.before.number if released.before else None
    facts: dict[str, Value] = {
        "environment": intent.place.environment,
        "namespace": intent.place.namespace,
        "cluster": cluster,
        "release": intent.place.release,
        "revision": released.revision.number,
        "before": before,
        "image": intent.content.image,
        "model": intent.content.model_digest,
        "commit": intent.content.commit,
        "key": intent.image.verified.key,
        "pods": list(released.pods),
    }
    place: Path = context.place("release", "release.json")
    place.write_text(json.dumps({"version": 1, **facts}, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    count = len(released.pods)
    was = "is live" if released.changed else "was live already"
    pods, serve = ("1 pod", "serves") if count == 1 else (f"{count} pods", "serve")
    rows = sum(len(each.rows) for each in intent.expected.golden)
    predict = "predicts" if count == 1 else "predict"
    asked = f" and {predict} {rows} rows as evaluated" if rows else ""
    return StageResult(
        Outcome.PASSED,
        f"revision {released.revision.number} {was} in {intent.place.environment}: {pods} {serve} "
        f"{intent.content.model_digest}{asked}",
        measurements={"revision": released.revision.number, "pods": count, "golden_rows": rows},
        outputs={"release": context.left("release", place)},
        cases=tuple(Case(f"pod {pod} serves the model", "deploy") for pod in released.pods),
        facts=facts,
    )
