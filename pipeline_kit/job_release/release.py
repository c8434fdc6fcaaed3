"""The release that a job asks for, with its target and its strategy: for the stage `deploy`, and for the commands.

Here a job's context becomes plain values; nothing below reads a context, or a mapping of settings.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from pipeline_kit.contract.context import StageContext
from pipeline_kit.contract.spec import PUSHED, RELEASE
from pipeline_kit.contract.world import World
from pipeline_kit.deploy.clock import ThisClock
from pipeline_kit.deploy.deployer import Deployer, unannounced
from pipeline_kit.deploy.destination import Destination
from pipeline_kit.deploy.job import Evaluated, ReleaseJob
from pipeline_kit.deploy.lease import Lease
from pipeline_kit.deploy.request import ReleaseRequest, RequestMaker, destination_of
from pipeline_kit.deploy.settings import DeploySettings
from pipeline_kit.deploy.strategies import load_strategy
from pipeline_kit.deploy.strategy import Strategies
from pipeline_kit.deploy.target import Access, SecretFile, Site, Target
from pipeline_kit.deploy.targets import TARGETS
from pipeline_kit.descriptor.environments import environment_before
from pipeline_kit.descriptor.model import SecretType
from pipeline_kit.descriptor.secret_variables import secret_variable
from pipeline_kit.errors import UsageError

Log = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class JobRelease:
    """A job's release before anything is opened: the values, and the extensions that the settings name."""

    job: ReleaseJob
    world: World
    target: Target
    strategies: Strategies
    destination: Destination

    def request(self, log: Log, *, rows: bool = True) -> ReleaseRequest:
        """What the job wants released; raises as `RequestMaker.request` does."""
        replacement = self.strategies(self.job.settings.strategy).replacement
        maker = RequestMaker(self.job, self.destination, self.target, replacement, log, rows)
        return maker.request(self.world.registries(), self.world.sources().is_before)

    def site(self) -> Site:
        """The place that the job releases to. Raises UsageError if the environment is ambiguous."""
        return self.target.open(self.world, self.job.access, self.destination)

    def deployer(self, site: Site, log: Log, announce: Callable[[int], None] = unannounced) -> Deployer:
        """A deployer with a lease of its own, which it does not hold yet."""
        clock, destination = ThisClock(), self.destination
        lease = Lease(site.leases, destination.release, holder=destination.by, clock=clock)
        strategy = self.job.settings.strategy
        return Deployer(site, clock, lease, destination, self.strategies, strategy=strategy, log=log, announce=announce)


def job_release(context: StageContext, settings: DeploySettings) -> JobRelease:
    """The release of a job. Raises UsageError where the job has no environment, or its target does not exist."""
    job = release_job(context, settings)
    target = TARGETS.load(settings.target, context.plugins)
    strategies = partial(load_strategy, plugins=context.plugins)
    return JobRelease(job, context.the_world(), target, strategies, destination_of(job, target))


def release_job(context: StageContext, settings: DeploySettings) -> ReleaseJob:
    """The job as plain values. Raises UsageError where it has no environment."""
    if context.environment is None:
        raise UsageError("the job has no environment to release to", hint="give it `environment:`")
    pushed, released = context.nearest(PUSHED), context.nearest(RELEASE)
    return ReleaseJob(
        name=context.job,
        project=context.project.name,
        environment=context.environment,
        settings=settings,
        access=Access(secret_files(context), settings.kubeconfig, settings.context),
        workspace=context.workspace,
        before=environment_before(context.environment, context.environments),
        pushed=pushed[2] if pushed else None,
        released=released[2] if released else None,
        evaluated=evaluated_by(context),
    )


def secret_files(context: StageContext) -> tuple[SecretFile, ...]:
    """The job's secrets of the type file."""
    return tuple(
        SecretFile(secret.name, context.secrets.get(secret_variable(secret.name), ""))
        for secret in context.declared_secrets
        if secret.type is SecretType.FILE
    )


def evaluated_by(context: StageContext) -> Evaluated | None:
    """The nearest evaluation before the job, or None."""
    nearest = context.nearest("predictions")
    if nearest is None:
        return None
    job, _, predictions = nearest
    model = context.upstream[job].record.facts.get("model")
    return Evaluated(job, model, predictions, tuple(context.datasets.values()))
