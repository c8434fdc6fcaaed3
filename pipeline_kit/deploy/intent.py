"""What a job wants released, where, and what its pods must answer: all that is known before the cluster is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline_kit import __version__
from pipeline_kit.contract.cluster import Cluster, Object
from pipeline_kit.contract.context import StageContext
from pipeline_kit.contract.settings import flag, mapping, number, text, texts, whole
from pipeline_kit.deploy.image import WantedImage, wanted_image
from pipeline_kit.deploy.place import READY_WITHIN_SECONDS, Place, this_deployer
from pipeline_kit.deploy.record import Content
from pipeline_kit.deploy.targets.kubernetes.kubeconfig import kubeconfig_of
from pipeline_kit.deploy.targets.kubernetes.labels import object_name
from pipeline_kit.deploy.targets.kubernetes.manifests import kit_manifests
from pipeline_kit.deploy.targets.kubernetes.refusals import IsBefore, unknown_history
from pipeline_kit.deploy.targets.kubernetes.team_manifests import team_manifests
from pipeline_kit.deploy.verification import Expected
from pipeline_kit.deploy.workload import CPU, GPU_RESOURCE, MEMORY, Identity, Workload
from pipeline_kit.errors import ModelError, UsageError
from pipeline_kit.images.golden import Golden, evaluated_rows
from pipeline_kit.images.names import PORT
from pipeline_kit.images.running import read_configuration

NAMESPACE = "default"


@dataclass(frozen=True, slots=True)
class Intent:
    """A release that is wanted, and the history by which it is older or newer than another."""

    place: Place
    image: WantedImage
    content: Content
    expected: Expected
    is_before: IsBefore = unknown_history
    rollback: bool = False


def intent_of(context: StageContext, *, rows: bool = True) -> Intent:
    """What the job wants released; without `rows` no golden requests are read, for nobody will be asked.

    Raises ModelError for an image that is not proved, or that the environment before has not verified, ProjectError
    for manifests that no release may hold, UsageError where the job does not say enough.
    """
    place = place_of(context)
    image = wanted_image(context)
    workload = workload_of(context, place, image)
    content = Content(
        image=workload.image,
        model_digest=image.verified.model_digest,
        manifests=manifests_of(context, workload),
        port=workload.port,
        commit=image.verified.commit,
        commit_time=image.commit_time,
    )
    tolerance = number(context.settings, "golden_tolerance") or 0.0
    expected = Expected(workload.port, content.model_digest, golden_of(context, image, rows=rows), tolerance)
    is_before = context.the_world().sources().is_before
    return Intent(place, image, content, expected, is_before, flag(context.settings, "rollback"))


def place_of(context: StageContext) -> Place:
    """Where the job releases to. Raises UsageError for a job without an environment."""
    if context.environment is None:
        raise UsageError("the job has no environment to release to", hint="give it `environment:`")
    return Place(
        namespace=context.environment.namespace or NAMESPACE,
        release=object_name(context.project.name),
        environment=context.environment.name,
        ready_within_seconds=number(context.settings, "ready_within") or READY_WITHIN_SECONDS,
        by=this_deployer(context.job),
    )


def cluster_of(context: StageContext) -> Cluster:
    """The cluster of the job's environment. Raises UsageError where it is not said which one that is."""
    return context.the_world().cluster(kubeconfig_of(context), text(context.settings, "context"))


def workload_of(context: StageContext, place: Place, image: WantedImage) -> Workload:
    """What the kit's own manifests are made of; the project's take its names and labels from it."""
    asked = mapping(context.settings, "resources")
    variables = mapping(context.settings, "serving_variables")
    verified = image.verified
    identity = Identity(
        context.project.name, verified.model_digest, verified.package, verified.commit or "", __version__
    )
    return Workload(
        release=context.project.name,
        namespace=place.namespace,
        environment=place.environment,
        image=str(image.reference),
        identity=identity,
        port=whole(context.settings, "port") or PORT,
        replicas=whole(context.settings, "replicas") or 1,
        cpu=text(asked, "cpu") or CPU,
        memory=text(asked, "memory") or MEMORY,
        gpu=whole(asked, "gpu") or 0,
        gpu_resource=text(asked, "gpu_resource") or GPU_RESOURCE,
        variables={name: str(value) for name, value in variables.items()},
        pull_secret=text(context.settings, "pull_secret"),
    )


def manifests_of(context: StageContext, workload: Workload) -> tuple[Object, ...]:
    """The project's own manifests where the job names some, else the kit's."""
    names = texts(context.settings, "manifests")
    return team_manifests(read_files(context, names), workload) if names else kit_manifests(workload)


def read_files(context: StageContext, names: Sequence[str]) -> list[tuple[str, str]]:
    """Name and text of the project's files. Raises UsageError for one that cannot be read."""
    found = []
    for name in names:
        try:
            found.append((name, (context.workspace / name).read_text(encoding="utf-8")))
        except (OSError, UnicodeError) as error:
            said = getattr(error, "strerror", None) or "it is not UTF-8"
            raise UsageError(f"{name} cannot be read: {said}", hint="`manifests` names YAML files") from error
    return found


def golden_of(context: StageContext, image: WantedImage, *, rows: bool) -> tuple[Golden, ...]:
    """Rows that were evaluated, and what every pod must predict of them; none where nothing was evaluated here.

    Raises ModelError where the evaluation was of another model than the image holds.
    """
    count = whole(context.settings, "golden_rows") or 0
    found = context.nearest("predictions")
    if not count or found is None:
        context.log("no golden requests: the pods are asked for the digest of their model only")
        return ()
    evaluated = context.upstream[found[0]].record.facts.get("model")
    if evaluated != image.verified.model_digest:
        message = f"{found[0]} evaluated the model {evaluated}, the image holds {image.verified.model_digest}"
        raise ModelError(message, hint="release what was evaluated, or ask for no predictions: golden_rows: 0")
    if not rows:
        return ()
    inputs = read_configuration(image.blobs, image.image).inputs
    return evaluated_rows(context.datasets.values(), found[2], inputs, count)
