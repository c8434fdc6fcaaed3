"""The release of an environment as the commands for people see it: its job, its record, and its cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

from pipeline_kit.cli.project import OpenProject, open_project
from pipeline_kit.contract.cluster import Cluster
from pipeline_kit.contract.context import StageContext
from pipeline_kit.contract.result import Outcome
from pipeline_kit.deploy.clock import ThisClock
from pipeline_kit.deploy.deployer import Deployer
from pipeline_kit.deploy.intent import cluster_of, place_of
from pipeline_kit.deploy.lease import Lease
from pipeline_kit.deploy.place import Place
from pipeline_kit.deploy.record import ReleaseRecord
from pipeline_kit.deploy.store import ReleaseStore
from pipeline_kit.errors import UsageError
from pipeline_kit.plan.chain import RELEASE
from pipeline_kit.plan.model import PlannedJob
from pipeline_kit.runner.inputs import Inputs
from pipeline_kit.runner.job import JobRun, context_of, gather_inputs, open_secrets
from pipeline_kit.runner.secrets import variable_names

Show = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class OpenRelease:
    """A job that releases, with what it would be handed, and where it releases to."""

    context: StageContext
    cluster: Cluster
    place: Place

    def record(self) -> ReleaseRecord:
        """The record in the cluster; empty where nothing was ever released."""
        return ReleaseStore(self.cluster, self.place.namespace, self.place.release).load()

    def deployer(self, log: Show) -> Deployer:
        """Who releases from here."""
        clock = ThisClock()
        lease = Lease(self.cluster, self.place.namespace, self.place.release, holder=self.place.by, clock=clock)
        return Deployer(self.cluster, clock, lease, self.place, log=log)


def open_release(directory: Path, wanted: str | None, show: Show, *, inputs: bool = False) -> OpenRelease:
    """The release of an environment or a job; with `inputs` the job's own are gathered too.

    Secrets count where their variables are set, as on a CI server; without one for the cluster KUBECONFIG counts.
    Raises UsageError where it is not said which job is meant.
    """
    project = open_project(directory)
    job = with_set_secrets(releasing_job(project, wanted), os.environ)
    run = JobRun(job, project.descriptor, project.specs, project.folders, show)
    open_secrets(run)
    if inputs:
        refuse_unmade(project, job)
        gather_inputs(run)
    else:
        run.inputs = Inputs({}, {}, {})
    context = context_of(run, project.folders.root)
    return OpenRelease(context, cluster_of(context), place_of(context))


def releasing_job(project: OpenProject, wanted: str | None) -> PlannedJob:
    """The job that releases, by its own name or its environment's. Raises UsageError where that is none, or several."""
    jobs = [job for job in project.plan.jobs if any(each.kind == RELEASE for each in job.outputs.values())]
    if not jobs:
        raise UsageError("no job here releases anything", hint="a job of the stage deploy does, to an environment")
    names = {job.name: [job] for job in jobs}
    for job in jobs:
        if job.environment is not None and job.environment.name not in {each.name for each in jobs}:
            names.setdefault(job.environment.name, []).append(job)
    if wanted is None:
        found = jobs
    elif wanted in names:
        found = names[wanted]
    else:
        near = get_close_matches(wanted, names, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(names)}"
        raise UsageError(f"there is no environment {wanted!r} that a job releases to", hint=hint)
    if len(found) > 1:
        told = ", ".join(f"{job.environment.name if job.environment else '-'} (job {job.name})" for job in found)
        raise UsageError(f"several jobs release: {told}", hint="name the environment, or the job")
    return found[0]


def with_set_secrets(job: PlannedJob, variables: Mapping[str, str]) -> PlannedJob:
    """The job with those of its secrets that are set here; a person has a kubeconfig and a login of their own."""
    there = tuple(each for each in job.secrets if all(variables.get(name) for name in variable_names(each)))
    named = job.setting("kubeconfig")
    if named is None or any(each.name == named for each in there):
        return replace(job, secrets=there)
    return replace(job, secrets=there, settings={**job.settings, "kubeconfig": None})


def refuse_unmade(project: OpenProject, job: PlannedJob) -> None:
    """Raises UsageError where a job before this one has not passed here, so that there is nothing to release."""
    for name in job.takes:
        record = project.folders.read(name)
        if record is None or record.outcome is not Outcome.PASSED:
            state = "has not run here" if record is None else record.outcome.value
            raise UsageError(f"{job.name} takes what {name} makes, which {state}", hint=f"pipeline-kit run {name}")
