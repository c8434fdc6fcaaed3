"""A release request: what a job wants released, where, and what its instances must answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline_kit import __version__
from pipeline_kit.contract.oci import Registries
from pipeline_kit.deploy.destination import Destination, this_deployer
from pipeline_kit.deploy.image import VerifiedImage, verified_image
from pipeline_kit.deploy.job import Evaluated, ReleaseJob
from pipeline_kit.deploy.record import Content
from pipeline_kit.deploy.refusals import IsBefore, unknown_history
from pipeline_kit.deploy.strategy import Replacement
from pipeline_kit.deploy.target import Target
from pipeline_kit.deploy.verification import Expected
from pipeline_kit.deploy.workload import Identity, Workload
from pipeline_kit.errors import ModelError, UsageError
from pipeline_kit.images.serve.golden_requests import Golden, evaluated_rows
from pipeline_kit.images.serve.running import read_configuration

NAMESPACE = "default"


@dataclass(frozen=True, slots=True)
class ReleaseRequest:
    """A release that is wanted, and the history by which it is older or newer than another."""

    destination: Destination
    image: VerifiedImage
    content: Content
    expected: Expected
    is_before: IsBefore = unknown_history
    rollback: bool = False


@dataclass(frozen=True, slots=True)
class RequestMaker:
    """Makes a job's release request from its registries, its target and what its strategy demands of manifests.

    Without `rows` no golden requests are read, for no instance will be queried.
    """

    job: ReleaseJob
    destination: Destination
    target: Target
    replacement: Replacement
    log: Callable[[str], None]
    rows: bool = True

    def request(self, registries: Registries, is_before: IsBefore) -> ReleaseRequest:
        """What the job wants released.

        Raises ModelError for an image that is not proved, or that the environment before has not verified, ProjectError
        for manifests that no release may hold, UsageError where the job does not say enough.
        """
        image = verified_image(self.job, registries, self.log)
        content = self.content(image)
        tolerance = self.job.settings.golden_tolerance
        expected = Expected(content.port, content.model_digest, self.golden(image), tolerance)
        return ReleaseRequest(self.destination, image, content, expected, is_before, self.job.settings.rollback)

    def content(self, image: VerifiedImage) -> Content:
        """All that the new revision consists of."""
        workload = workload_of(self.job, self.destination, image, self.replacement)
        files = read_files(self.job.workspace, self.job.settings.manifests)
        return Content(
            image=workload.image,
            model_digest=image.verified.model_digest,
            manifests=self.target.manifests(workload, files),
            port=workload.port,
            commit=image.verified.commit,
            commit_time=image.commit_time,
        )

    def golden(self, image: VerifiedImage) -> tuple[Golden, ...]:
        """Rows that were evaluated, and what every instance must predict of them; empty where nothing was evaluated.

        Raises ModelError where the evaluation was of another model than the image holds.
        """
        count, evaluated = self.job.settings.golden_rows, self.job.evaluated
        if not count or evaluated is None:
            self.log("no golden requests: the instances are checked for the digest of their model only")
            return ()
        refuse_other_model(evaluated, image)
        if not self.rows:
            return ()
        inputs = read_configuration(image.blobs, image.image).inputs
        return evaluated_rows(evaluated.datasets, evaluated.predictions, inputs, count)


def destination_of(job: ReleaseJob, target: Target) -> Destination:
    """Where the job releases to."""
    return Destination(
        namespace=job.environment.namespace or NAMESPACE,
        release=target.release_name(job.project),
        environment=job.environment.name,
        ready_within_seconds=job.settings.ready_within_seconds,
        by=this_deployer(job.name),
    )


def workload_of(job: ReleaseJob, destination: Destination, image: VerifiedImage, replacement: Replacement) -> Workload:
    """What the kit's own manifests are made of; the project's take its names and labels from it."""
    settings, verified = job.settings, image.verified
    resources = settings.resources
    return Workload(
        release=job.project,
        namespace=destination.namespace,
        environment=destination.environment,
        image=str(image.reference),
        identity=Identity(job.project, verified.model_digest, verified.package, verified.commit or "", __version__),
        replacement=replacement,
        port=settings.port,
        replicas=settings.replicas,
        cpu=resources.cpu,
        memory=resources.memory,
        gpu=resources.gpu,
        gpu_resource=resources.gpu_resource,
        variables=settings.serving_variables,
        pull_secret=settings.pull_secret,
    )


def read_files(workspace: Path, names: Sequence[str]) -> list[tuple[str, str]]:
    """Name and text of the project's files. Raises UsageError for one that cannot be read."""
    files = []
    for name in names:
        try:
            files.append((name, (workspace / name).read_text(encoding="utf-8")))
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8"
            raise UsageError(f"{name} cannot be read: {reason}", hint="`manifests` names YAML files") from error
    return files


def refuse_other_model(evaluated: Evaluated, image: VerifiedImage) -> None:
    """Raises ModelError where the evaluation was of another model than the image holds."""
    if evaluated.model != image.verified.model_digest:
        message = (
            f"{evaluated.job} evaluated the model {evaluated.model}, the image holds {image.verified.model_digest}"
        )
        raise ModelError(message, hint="release what was evaluated, or ask for no predictions: golden_rows: 0")
