"""The promotion path: a digest is promoted only after the environment before has verified it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pipeline_kit.contract.spec import PUSHED, RELEASE, StageSpec
from pipeline_kit.descriptor.environments import environment_before
from pipeline_kit.descriptor.model import Environment, Job
from pipeline_kit.plan.model import PlannedJob


def chain_problem(
    job: Job,
    spec: StageSpec,
    environments: Mapping[str, Environment],
    before: Iterable[PlannedJob],
    planned: Iterable[PlannedJob],
) -> tuple[str, str] | None:
    """What is wrong with a job that releases, and what to do about it; none of any other job.

    `before` are all jobs that the job waits for, `planned` all that were planned so far.
    """
    if RELEASE not in spec.consumes:
        return None
    if job.environment is None:
        known = ", ".join(environments) or "none is declared yet: `environments:` declares them"
        return "it has no environment to release to", f"give it `environment:`, one of: {known}"
    twin = next((item for item in planned if verifies(item, environments[job.environment])), None)
    if twin is not None:
        message = f"it releases to {job.environment}, and so does {twin.name}: they would replace each other"
        return message, "one job releases to an environment: give this one another, or take it out"
    before = tuple(before)
    if job.settings.get("image") is None and not any(pushes(job) for job in before):
        hint = "let it need a job of the stage push, or name the image by digest: `image:`"
        return "no job before it pushes an image, and it names none", hint
    previous = environment_before(environments[job.environment], environments.values())
    if previous is None or any(verifies(job, previous) for job in before):
        return None
    message = f"it releases to {job.environment}, and needs no job that has verified the image in {previous.name}"
    return message, f"let it need the job that releases to {previous.name}, which comes before it in `environments:`"


def pushes(job: PlannedJob) -> bool:
    """Whether a job leaves an image in a registry."""
    return any(output.kind == PUSHED for output in job.outputs.values())


def verifies(job: PlannedJob, environment: Environment) -> bool:
    """Whether a job leaves the release of that environment."""
    made = any(output.kind == RELEASE for output in job.outputs.values())
    return made and job.environment is not None and job.environment.name == environment.name
