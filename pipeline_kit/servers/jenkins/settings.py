"""What must be set on Jenkins by hand, as sentences."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline_kit.descriptor.model import Descriptor, EventKind, SecretType
from pipeline_kit.plan.model import Plan
from pipeline_kit.render.settings import used_secrets
from pipeline_kit.render.words import SCHEDULE_VARIABLE, exclusive, takes_schedules
from pipeline_kit.servers.jenkins.render import rendered_schedules

CREDENTIALS = {
    SecretType.TEXT: "secret text",
    SecretType.USERNAME_PASSWORD: "user name with password",
    SecretType.FILE: "secret file",
}
# A version means that an older one lacks what the Jenkinsfile uses: https://plugins.jenkins.io
ALWAYS_PLUGINS = (
    "workflow-aggregator",
    "pipeline-model-definition",
    "workflow-basic-steps 994 or later",
    "git",
    "junit 1.51 or later",
)


def jenkins_settings(plan: Plan, descriptor: Descriptor) -> Iterator[str]:
    """What Jenkins needs."""
    yield "Jenkins: a multibranch pipeline; branches that are also filed as change requests are excluded"
    plugins = [*ALWAYS_PLUGINS, *extra_plugins(plan, descriptor)]
    yield f"Jenkins: plugins {', '.join(plugins)}"
    for secret in used_secrets(plan):
        credential = secret.servers.get("jenkins")
        if credential is not None:
            yield f"Jenkins: credential `{credential}`: {CREDENTIALS[secret.type]} (secret {secret.name})"
    left_out = set(descriptor.schedules) - {
        rendered_schedule.name for rendered_schedule in rendered_schedules(plan, descriptor)
    }
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
    if any(job.waits_for_a_person for job in plan.jobs):
        yield "pipeline-input-step"
