"""What the rendered `Jenkinsfile` means, stage by stage, from the plan: `facts` reads the same from its text."""

from __future__ import annotations

from pipeline_kit.descriptor.model import Descriptor, EventPattern, Runner
from pipeline_kit.descriptor.secret_variables import variable_names
from pipeline_kit.plan.model import Plan, PlannedJob
from pipeline_kit.render.event_words import KIND_WORDS, event_words, narrowed
from pipeline_kit.render.install import image_of
from pipeline_kit.render.job_facts import JobFacts
from pipeline_kit.render.words import REPORT_JOB, duration_words, exclusive
from pipeline_kit.servers.jenkins.levels import jenkins_levels
from pipeline_kit.servers.jenkins.render import change_globs, first_no_return, timeout_minutes


def planned_facts(plan: Plan, descriptor: Descriptor) -> dict[str, JobFacts]:
    """The stages of the file, the report's included."""
    levels = jenkins_levels(plan)
    barrier = first_no_return(levels) or len(levels) + 1
    facts = {
        job.name: job_facts(job, descriptor, interruptible=number < barrier)
        for number, level in enumerate(levels, start=1)
        for job in level
    }
    if descriptor.report is not None:
        runner = descriptor.runners.get(descriptor.report.runner or "")
        facts[REPORT_JOB] = JobFacts(
            starts=set(KIND_WORDS.values()),
            interruptible=barrier > len(levels),
            image=(runner.image if runner else None) or descriptor.kit.image or "",
            runner=label_of(runner),
        )
    return facts


def job_facts(job: PlannedJob, descriptor: Descriptor, *, interruptible: bool) -> JobFacts:
    """One stage; a newer push interrupts none from the first on that it must not interrupt."""
    globs = [glob for changed in job.changes for glob in change_globs(changed)]
    return JobFacts(
        needs=set(job.needs),
        starts={narrowed(words_of(event), forks=job.forks, globs=globs) for event in job.events},
        secrets={name for secret in job.secrets if "jenkins" in secret.servers for name in variable_names(secret)},
        manual=job.waits_for_a_person,
        interruptible=interruptible,
        timeout=duration_words(60 * timeout_minutes(job)),
        image=image_of(job, descriptor.kit) or "",
        runner=label_of(job.runner),
        lock=exclusive(job, descriptor.project.name) or "",
    )


def words_of(event: EventPattern) -> str:
    """An event as the file has it."""
    return event_words(event, exactly="*" not in event.pattern)


def label_of(runner: Runner | None) -> str:
    """The label expression of a runner class."""
    label = runner.servers.get("jenkins") if runner is not None else None
    return label if isinstance(label, str) else ""
