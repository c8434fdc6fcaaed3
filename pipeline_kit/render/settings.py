"""What the rendered files cannot hold and somebody must set on the servers, as sentences."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline_kit.contract.spec import STORED_KINDS
from pipeline_kit.descriptor.model import Descriptor, EventKind, Secret, SecretType
from pipeline_kit.plan.model import Plan
from pipeline_kit.render.words import SCHEDULE_VARIABLE, exclusive, waits_for_a_person
from pipeline_kit.servers.jenkins.render import rendered_schedules, takes_schedules

CREDENTIALS = {
    SecretType.TEXT: "secret text",
    SecretType.USERNAME_PASSWORD: "user name with password",
    SecretType.FILE: "secret file",
}
# Where a version stands, an older one lacks what the Jenkinsfile uses: https://plugins.jenkins.io
ALWAYS_PLUGINS = (
    "workflow-aggregator",
    "pipeline-model-definition",
    "workflow-basic-steps 994 or later",
    "git",
    "junit 1.51 or later",
)


def settings_needed(plan: Plan, descriptor: Descriptor) -> tuple[str, ...]:
    """Sentences, each of them one setting, GitLab's first."""
    return (*gitlab_settings(plan, descriptor), *jenkins_settings(plan, descriptor), *both_settings(plan, descriptor))


def gitlab_settings(plan: Plan, descriptor: Descriptor) -> Iterator[str]:
    """What GitLab needs."""
    yield "GitLab: version 16.11 or later, any tier (`retry: exit_codes`)"
    if takes_schedules(plan, descriptor):
        for each in descriptor.schedules.values():
            yield (
                f"GitLab: pipeline schedule `{each.name}`: cron `{each.cron}`, time zone {each.timezone}, "
                f"branch {each.branch}, variable {SCHEDULE_VARIABLE} = {each.name}"
            )
    for secret in used_secrets(plan):
        yield from gitlab_secret(secret)
    for environment in descriptor.environments.values():
        refs = f", deployed from {', '.join(environment.refs)} only" if environment.refs else ""
        yield f"GitLab: protected environment `{environment.name}`{refs} (Premium), and who may deploy to it"
    for job in plan.jobs:
        if waits_for_a_person(job):
            yield f"GitLab: who may start the manual job {job.name}: those who may push to the protected branch"


def gitlab_secret(secret: Secret) -> Iterator[str]:
    """The variables that hold a secret."""
    if secret.gitlab is None:
        return
    paired = secret.type is SecretType.USERNAME_PASSWORD
    names = [f"{secret.gitlab}_USERNAME", f"{secret.gitlab}_PASSWORD"] if paired else [secret.gitlab]
    kind = "type file" if secret.type is SecretType.FILE else "masked"
    scope = "protected where only protected branches use it"
    yield f"GitLab: variable {' and '.join(names)}: {kind}, without expansion, {scope} (secret {secret.name})"


def jenkins_settings(plan: Plan, descriptor: Descriptor) -> Iterator[str]:
    """What Jenkins needs."""
    yield "Jenkins: a multibranch pipeline; branches that are also filed as change requests are excluded"
    plugins = [*ALWAYS_PLUGINS, *extra_plugins(plan, descriptor)]
    yield f"Jenkins: plugins {', '.join(plugins)}"
    for secret in used_secrets(plan):
        if secret.jenkins is not None:
            yield f"Jenkins: credential `{secret.jenkins}`: {CREDENTIALS[secret.type]} (secret {secret.name})"
    left_out = set(descriptor.schedules) - {each.name for each in rendered_schedules(plan, descriptor)}
    if takes_schedules(plan, descriptor):
        for name in sorted(left_out):
            yield (
                f"Jenkins: schedule `{name}` is not in the Jenkinsfile: a branch has one time zone there; "
                f"start it from outside with {SCHEDULE_VARIABLE} = {name}"
            )
    if any(event.kind is EventKind.TAG for job in plan.jobs for event in job.events):
        yield "Jenkins: tags are discovered, and a build strategy starts them (plugin basic-branch-build-strategies)"


def extra_plugins(plan: Plan, descriptor: Descriptor) -> Iterator[str]:
    """The plugins that only some plans use."""
    if any(job.runner is not None and job.runner.image for job in plan.jobs) or descriptor.kit.image:
        yield "docker-workflow"
    if any(exclusive(job, plan.project) is not None for job in plan.jobs):
        yield "lockable-resources"
    if used_secrets(plan):
        yield "credentials-binding"
    if takes_schedules(plan, descriptor):
        yield "parameterized-scheduler"
    if all(job.interruptible for job in plan.jobs):
        yield "workflow-job 2.42 or later"
    else:
        yield "pipeline-milestone-step"
    if any(waits_for_a_person(job) for job in plan.jobs):
        yield "pipeline-input-step"


def both_settings(plan: Plan, descriptor: Descriptor) -> Iterator[str]:
    """What concerns every server."""
    kinds = {output.kind for job in plan.jobs for output in job.outputs.values()}
    if descriptor.store is None and kinds & STORED_KINDS:
        yield "both: there is no `store`: models travel as CI artifacts and must be small (GitLab.com takes 1 GB a job)"
    for secret in used_secrets(plan):
        for server, reference in (("GitLab", secret.gitlab), ("Jenkins", secret.jenkins)):
            if reference is None:
                yield f"{server}: secret {secret.name} names nothing there, so jobs with it fail on it"
    kit = descriptor.kit
    if not (kit.image or kit.lock or kit.index):
        yield (
            f"both: an index of your own that serves pipeline-kit {kit.version}: on the public one the name belongs to "
            "another project, so set kit.lock (by hash), kit.index or kit.image"
        )
    if kit.image is None:
        yield "both: the runner or image of each job has Python 3.11 or later, whose `pip install` its user may run"


def used_secrets(plan: Plan) -> tuple[Secret, ...]:
    """The secrets that any job gets, each once."""
    return tuple({secret.name: secret for job in plan.jobs for secret in job.secrets}.values())
