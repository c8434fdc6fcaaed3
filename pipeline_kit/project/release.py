"""The release of an environment as a person at a terminal has it: its job, its record, and its target."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from pipeline_kit.adapters.git.repository import checkout
from pipeline_kit.contract.result import Outcome
from pipeline_kit.contract.spec import RELEASE
from pipeline_kit.deploy.clock import ThisClock
from pipeline_kit.deploy.deployer import Deployer, silent
from pipeline_kit.deploy.destination import Destination
from pipeline_kit.deploy.dry_run import DryRun, dry_run, unheld
from pipeline_kit.deploy.record import ReleaseRecord
from pipeline_kit.deploy.request import ReleaseRequest
from pipeline_kit.deploy.store import ReleaseStore
from pipeline_kit.deploy.target import Rollout, Site
from pipeline_kit.descriptor.model import SecretType
from pipeline_kit.descriptor.secret_variables import variable_names
from pipeline_kit.errors import KitError, UsageError
from pipeline_kit.job_release.release import JobRelease, job_release
from pipeline_kit.job_release.settings import settings_of
from pipeline_kit.plan.model import PlannedJob
from pipeline_kit.project.open import OpenProject, open_project
from pipeline_kit.runner.inputs import Inputs
from pipeline_kit.runner.job import context_of, gather_inputs, open_secrets
from pipeline_kit.runner.job_run import JobRun
from pipeline_kit.suggest import did_you_mean

Show = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class OpenRelease:
    """A job that releases, and the place that it releases to; `log` masks what it shows."""

    job: JobRelease
    site: Site
    log: Show

    @property
    def destination(self) -> Destination:
        """Where the release goes."""
        return self.job.destination

    def title(self) -> str:
        """The release, its environment and its target in one line."""
        place = self.destination
        return f"{place.release} in {place.environment}, namespace {place.namespace} of {self.site.name()}"

    def record(self) -> ReleaseRecord:
        """The record at the target; empty where nothing was ever released."""
        return ReleaseStore(self.site.records, self.destination.release).load()

    def deployer(self) -> Deployer:
        """A deployer on this machine."""
        return self.job.deployer(self.site, self.log)

    def rollout(self) -> Rollout:
        """For queries of what is live; nothing is changed, so no lease is needed."""
        return self.site.rollout(ThisClock(), unheld, silent)


@contextmanager
def open_release(directory: Path, wanted: str | None, show: Show, *, inputs: bool = False) -> Iterator[OpenRelease]:
    """The release of an environment or a job while the block runs; with `inputs` the job's own are gathered too.

    The secret of the type file that holds the kubeconfig must be set, as on a CI server; others count where they are.
    What the block logs, and what it raises, is masked. Raises UsageError if the job is ambiguous.
    """
    project = open_project(directory)
    job = with_set_secrets(releasing_job(project, wanted), os.environ)
    run = JobRun(job, project.descriptor, project.catalog, project.folders, show)
    try:
        open_secrets(run)
        if inputs:
            refuse_unmade(project, job)
            gather_inputs(run)
        else:
            run.inputs = Inputs({}, {}, {})
        context = context_of(run, project.folders.root)
        release = job_release(context, settings_of(context.settings))
        yield OpenRelease(release, release.site(), context.log)
    except KitError as error:
        error.message = run.mask(error.message)
        error.hint = run.mask(error.hint) if error.hint else None
        error.args = (error.message,)
        raise


def releasing_job(project: OpenProject, wanted: str | None) -> PlannedJob:
    """The job that releases, by its own name or its environment's. Raises UsageError unless exactly one matches."""
    jobs = [job for job in project.plan.jobs if any(output.kind == RELEASE for output in job.outputs.values())]
    if not jobs:
        raise UsageError("no job here releases anything", hint="a job of the stage deploy does, to an environment")
    names = {job.name: [job] for job in jobs}
    for job in jobs:
        if job.environment is not None and job.environment.name not in {job.name for job in jobs}:
            names.setdefault(job.environment.name, []).append(job)
    if wanted is None:
        name = jobs
    elif wanted in names:
        name = names[wanted]
    else:
        hint = did_you_mean(wanted, names, "environments and their jobs")
        raise UsageError(f"no job releases to an environment {wanted!r}", hint=hint)
    if len(name) > 1:
        shown = ", ".join(f"{job.environment.name if job.environment else '-'} (job {job.name})" for job in name)
        raise UsageError(f"several jobs release: {shown}", hint="name the environment, or the job")
    return name[0]


def with_set_secrets(job: PlannedJob, variables: Mapping[str, str]) -> PlannedJob:
    """The job with its files, one of which says which cluster is meant, and those other secrets that are set here.

    A person has a login of their own for the registry; a cluster of their own is never taken for the environment's.
    """
    secrets = (
        secret
        for secret in job.secrets
        if secret.type is SecretType.FILE or all(variables.get(name) for name in variable_names(secret))
    )
    return replace(job, secrets=tuple(secrets))


def refuse_unmade(project: OpenProject, job: PlannedJob) -> None:
    """Raises UsageError where a job before this one has not passed here, so that there is nothing to release."""
    for name in job.takes:
        record = project.folders.read(name)
        if record is None or record.outcome is not Outcome.PASSED:
            state = "it has not run here" if record is None else f"the last time here it was {record.outcome.value}"
            message = f"{job.name} takes what {name} makes, and {state}"
            raise UsageError(message, hint=f"run it first: pipeline-kit run {name}")


def job_to_release(directory: Path, wanted: str | None) -> str:
    """The name of the job that releases to an environment. Raises UsageError where this branch may not go there."""
    project = open_project(directory)
    job = releasing_job(project, wanted)
    refuse_branch(job, checkout(project.folders.root)[0].branch)
    return job.name


def refuse_branch(job: PlannedJob, branch: str | None) -> None:
    """Raises UsageError where the branch that is checked out may not go to the job's environment."""
    environment = job.environment
    refs = environment.refs if environment else ()
    if environment and branch and refs and not any(fnmatchcase(branch, ref) for ref in refs):
        message = f"only {', '.join(refs)} may go to {environment.name}, and this is {branch}"
        raise UsageError(message, hint="check out what may, or let the descriptor's `refs` say more")


def difference(directory: Path, wanted: str | None, show: Show) -> tuple[ReleaseRequest, DryRun]:
    """What a release would change, without changing anything."""
    with open_release(directory, wanted, show, inputs=True) as release:
        request = release.job.request(silent, rows=False)
        return request, dry_run(release.site, request)
