"""What must be set on GitLab by hand, as sentences."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline_kit.descriptor.model import Descriptor, Secret, SecretType
from pipeline_kit.plan.model import Plan
from pipeline_kit.render.settings import used_secrets
from pipeline_kit.render.words import SCHEDULE_VARIABLE, takes_schedules


def gitlab_settings(plan: Plan, descriptor: Descriptor) -> Iterator[str]:
    """What GitLab needs."""
    yield "GitLab: version 16.11 or later, any tier (`retry: exit_codes`)"
    if takes_schedules(plan, descriptor):
        for schedule in descriptor.schedules.values():
            yield (
                f"GitLab: pipeline schedule `{schedule.name}`: cron `{schedule.cron}`, time zone {schedule.timezone}, "
                f"branch {schedule.branch}, variable {SCHEDULE_VARIABLE} = {schedule.name}"
            )
    for secret in used_secrets(plan):
        yield from gitlab_secret(secret)
    comment = descriptor.secrets.get(descriptor.report.comment or "") if descriptor.report else None
    if comment is not None and comment not in used_secrets(plan):
        yield from gitlab_secret(comment, "protected, since a fork can change the file that withholds it")
    for environment in descriptor.environments.values():
        refs = f", deployed from {', '.join(environment.refs)} only" if environment.refs else ""
        yield f"GitLab: protected environment `{environment.name}`{refs} (Premium), and who may deploy to it"
    for job in plan.jobs:
        if job.waits_for_a_person:
            yield f"GitLab: who may start the manual job {job.name}: those who may push to the protected branch"


def gitlab_secret(secret: Secret, scope: str = "protected where only protected branches use it") -> Iterator[str]:
    """The variables that hold a secret."""
    name = secret.servers.get("gitlab")
    if name is None:
        return
    paired = secret.type is SecretType.USERNAME_PASSWORD
    names = [f"{name}_USERNAME", f"{name}_PASSWORD"] if paired else [str(name)]
    kind = "type file" if secret.type is SecretType.FILE else "masked"
    yield f"GitLab: variable {' and '.join(names)}: {kind}, without expansion, {scope} (secret {secret.name})"
