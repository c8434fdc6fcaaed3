"""What the rendered `.gitlab-ci.yml` means, job by job, from the plan: `facts` reads the same from its text."""

from __future__ import annotations

from pipeline_kit.descriptor.model import Descriptor, EventPattern, Runner
from pipeline_kit.plan.model import Plan, PlannedJob
from pipeline_kit.render.event_words import event_words, narrowed
from pipeline_kit.render.install import image_of
from pipeline_kit.render.job_facts import JobFacts
from pipeline_kit.render.words import REPORT_JOB, duration_words, exclusive, server_timeout_seconds, unattended
from pipeline_kit.servers.gitlab.globs import change_globs, folder_words
from pipeline_kit.servers.gitlab.render import MOST_NEEDS, is_compared, secret_variables, started_events, tags_of


def planned_facts(plan: Plan, descriptor: Descriptor) -> dict[str, JobFacts]:
    """The jobs of the file, the report's included."""
    everything = {words_of(event) for event in started_events(plan)}
    facts = {job.name: job_facts(job, descriptor) for job in plan.jobs}
    if descriptor.report is not None:
        runner = descriptor.runners.get(descriptor.report.runner or "")
        secret = descriptor.secrets.get(descriptor.report.comment or "")
        needed = {job.name for job in unattended(plan)}
        facts[REPORT_JOB] = JobFacts(
            needs=needed if len(needed) < len(plan.jobs) and len(needed) <= MOST_NEEDS else set(),
            starts=everything,
            secrets={name for name, _ in secret_variables(secret)} if secret else set(),
            image=(runner.image if runner else None) or descriptor.kit.image or "",
            runner=runner_words(runner),
        )
    return facts


def job_facts(job: PlannedJob, descriptor: Descriptor) -> JobFacts:
    """One job."""
    globs = [folder_words(glob) for changed in job.changes for glob in change_globs(changed)]
    return JobFacts(
        needs=set(job.takes),
        starts={narrowed(words_of(event), forks=job.forks, globs=globs) for event in job.events},
        secrets={name for secret in job.secrets for name, _ in secret_variables(secret)},
        manual=job.waits_for_a_person,
        interruptible=job.interruptible,
        timeout=duration_words(server_timeout_seconds(job)),
        image=image_of(job, descriptor.kit) or "",
        runner=runner_words(job.runner),
        lock=exclusive(job, descriptor.project.name) or "",
        environment=job.environment.name if job.environment is not None else "",
    )


def words_of(event: EventPattern) -> str:
    """An event as the file has it."""
    return event_words(event, exactly=is_compared(event))


def runner_words(runner: Runner | None) -> str:
    """The tags of a runner class."""
    return ", ".join(tags_of(runner)) if runner is not None else ""
