"""The plan as `.gitlab-ci.yml`. What GitLab does with each keyword: docs/server-semantics.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline_kit.contract.spec import STORED_KINDS
from pipeline_kit.descriptor.events import contains, covers
from pipeline_kit.descriptor.model import Descriptor, EventKind, EventPattern, Runner, Secret, SecretType
from pipeline_kit.descriptor.secret_variables import secret_variable
from pipeline_kit.plan.model import Plan, PlannedJob
from pipeline_kit.render.install import image_of, install_command
from pipeline_kit.render.quoting import name_expression, server_word, yaml_line, yaml_list, yaml_scalar
from pipeline_kit.render.words import (
    OUT,
    REPORT_COMMAND,
    SCHEDULE_VARIABLE,
    duration_words,
    exclusive,
    server_timeout_seconds,
    unattended,
)
from pipeline_kit.servers.gitlab.globs import change_globs

SAME_PROJECT = "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_MERGE_REQUEST_PROJECT_ID"
MOST_NEEDS = 50
"""Jobs that one may need (https://docs.gitlab.com/ci/yaml/#needs); more are awaited by their stages."""
PUSH_BESIDE_MERGE_REQUEST = '$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH && $CI_OPEN_MERGE_REQUESTS'


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a job, each field ready to print; an empty condition always holds."""

    condition: str = ""
    changes: tuple[str, ...] = ()
    when: str = ""


@dataclass(frozen=True, slots=True)
class JobView:
    """A job, each field ready to print; empty where the file says nothing."""

    name: str
    stage: str
    image: str
    tags: str
    needs: str
    rules: tuple[Rule, ...]
    manual: bool
    timeout: str
    interruptible: bool
    environment: str
    resource_group: str
    variables: tuple[tuple[str, str], ...]
    script: str
    out: str
    exclude: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReportView:
    """The job that gathers the report, each field ready to print; empty where the file says nothing."""

    image: str
    tags: str
    needs: tuple[str, ...]
    own_merge_request: str  # the condition under which it gets the variables
    variables: tuple[tuple[str, str], ...]
    script: str


def template_values(plan: Plan, descriptor: Descriptor, extras: Sequence[str]) -> dict[str, object]:
    """What the template prints, by the template's names."""
    started = started_events(plan)
    install = install_command(descriptor, plan, extras)
    return {
        "workflow": tuple(yaml_line(condition(event)) for event in started),
        "push_beside": yaml_line(PUSH_BESIDE_MERGE_REQUEST) if both_pushed_and_merged(started) else "",
        "stages": yaml_list(tuple(stage_name(number) for number, _ in enumerate(plan.levels()))),
        "lock": yaml_scalar(server_word(descriptor.project.lock.as_posix(), "the lock file")),
        "install": yaml_line(install) if install is not None else "",
        "report": report_view(plan, descriptor),
        "jobs": [
            job_view(job, stage_name(number), descriptor, started)
            for number, level in enumerate(plan.levels())
            for job in level
        ],
    }


def report_view(plan: Plan, descriptor: Descriptor) -> ReportView | None:
    """The job that gathers the report, or None: after all stages, or where a person holds some, after the others."""
    if descriptor.report is None:
        return None
    runner = descriptor.runners.get(descriptor.report.runner or "")
    image = (runner.image if runner else None) or descriptor.kit.image
    tags = tuple(server_word(tag, "the tag") for tag in tags_of(runner)) if runner else ()
    secret = descriptor.secrets.get(descriptor.report.comment or "")
    needed = tuple(job.name for job in unattended(plan))
    return ReportView(
        image=yaml_scalar(server_word(image, "the image")) if image else "",
        tags=yaml_list(tags) if tags else "",
        needs=needed if len(needed) < len(plan.jobs) and len(needed) <= MOST_NEEDS else (),
        own_merge_request=yaml_line(f"{condition(EventPattern(EventKind.MERGE_REQUEST))} && {SAME_PROJECT}"),
        variables=secret_variables(secret) if secret else (),
        script=yaml_line(REPORT_COMMAND + (" --comment" if secret else "")),
    )


def tags_of(runner: Runner) -> tuple[str, ...]:
    """The tags that the runner class has."""
    tags = runner.servers.get("gitlab")
    return tuple(str(tag) for tag in tags) if isinstance(tags, Sequence) else ()


def stage_name(number: int) -> str:
    """The stage of a level."""
    return f"level-{number + 1}"


def started_events(plan: Plan) -> tuple[EventPattern, ...]:
    """The widest patterns that start any job: what the whole workflow answers to, by kind."""
    every = dict.fromkeys(event for job in plan.jobs for event in job.events)
    widest = [event for event in every if not any(other != event and contains(other, event) for other in every)]
    return tuple(sorted(widest, key=lambda event: list(EventKind).index(event.kind)))


def both_pushed_and_merged(events: tuple[EventPattern, ...]) -> bool:
    """Whether a push with an open merge request would start two pipelines."""
    return {EventKind.PUSH, EventKind.MERGE_REQUEST} <= {event.kind for event in events}


def job_view(job: PlannedJob, stage: str, descriptor: Descriptor, started: tuple[EventPattern, ...]) -> JobView:
    """The job as the template prints it."""
    image, group = image_of(job, descriptor.kit), exclusive(job, descriptor.project.name)
    tags = tuple(server_word(tag, "the tag") for tag in tags_of(job.runner)) if job.runner is not None else ()
    return JobView(
        name=yaml_scalar(job.name),
        stage=stage,
        image=yaml_scalar(server_word(image, "the image")) if image else "",
        tags=yaml_list(tags) if tags else "",
        needs=yaml_list(job.takes),
        rules=rules(job, started),
        manual=job.waits_for_a_person,
        timeout=duration_words(server_timeout_seconds(job)),
        interruptible=job.interruptible,
        environment=yaml_scalar(job.environment.name) if job.environment is not None else "",
        resource_group=yaml_scalar(server_word(group, "the lock")) if group is not None else "",
        variables=tuple(pair for secret in job.secrets for pair in secret_variables(secret)),
        script=yaml_line(f"pipeline-kit job {job.name}"),
        out=f"{OUT}/{job.name}",
        exclude=stored(job) if descriptor.store is not None else (),
    )


def rules(job: PlannedJob, started: tuple[EventPattern, ...]) -> tuple[Rule, ...]:
    """When a job is part of the pipeline: a rule for each event, or one for all where nothing narrows it."""
    when = "manual" if job.waits_for_a_person else ""
    merged = any(event.kind is EventKind.MERGE_REQUEST for event in job.events)
    narrowed = merged and (job.changes or not job.forks)
    if not narrowed and covers(job.events, started):
        return (Rule(when=when or "on_success"),)
    return tuple(rule(job, event, when) for event in job.events)


def rule(job: PlannedJob, event: EventPattern, when: str) -> Rule:
    """The rule of one event; what narrows it concerns merge requests only."""
    if event.kind is not EventKind.MERGE_REQUEST:
        return Rule(yaml_line(condition(event)), when=when)
    own = "" if job.forks else f" && {SAME_PROJECT}"
    globs = tuple(
        yaml_scalar(server_word(change_glob, "the glob")) for glob in job.changes for change_glob in change_globs(glob)
    )
    return Rule(yaml_line(condition(event) + own), globs, when)


def condition(event: EventPattern) -> str:
    """The expression that holds for an event, in variables that GitLab sets.

    The schedule's name is a variable of the schedule itself: GitLab passes no other name that is safe to match.
    """
    if event.kind is EventKind.MERGE_REQUEST:
        return '$CI_PIPELINE_SOURCE == "merge_request_event"'
    if event.kind is EventKind.MANUAL:
        return "$CI_PIPELINE_SOURCE =~ /^(web|api)$/"
    if event.kind is EventKind.SCHEDULE:
        return '$CI_PIPELINE_SOURCE == "schedule"' + ("" if event.pattern == "*" else " && " + named(event))
    return f'$CI_PIPELINE_SOURCE == "push" && {named(event)}'


def named(event: EventPattern) -> str:
    """The expression that holds for the name of a branch, tag or schedule."""
    variables = {EventKind.PUSH: "CI_COMMIT_BRANCH", EventKind.TAG: "CI_COMMIT_TAG"}
    variable = variables.get(event.kind, SCHEDULE_VARIABLE)
    if event.pattern == "*":
        return f"${variable}"
    if is_compared(event):
        return f'${variable} == "{event.pattern}"'
    expression = name_expression(event.pattern)
    return f"${variable} =~ /{expression}/"


def is_compared(event: EventPattern) -> bool:
    """Whether the name of an event is compared, and not matched by an expression."""
    return all(character.isalnum() or character in "._/-" for character in event.pattern)


def secret_variables(secret: Secret) -> tuple[tuple[str, str], ...]:
    """The job's variables for a secret: their names, and references to the project's own variables."""
    reference = secret.servers.get("gitlab")
    if not isinstance(reference, str):
        return ()
    name, source = secret_variable(secret.name), server_word(reference, "the variable")
    if secret.type is SecretType.USERNAME_PASSWORD:
        return tuple((f"{name}_{part}", yaml_scalar(f"${source}_{part}")) for part in ("USERNAME", "PASSWORD"))
    return ((name, yaml_scalar(f"${source}")),)


def stored(job: PlannedJob) -> tuple[str, ...]:
    """The outputs that travel through the store and not in the job's artifacts, be they files or folders."""
    paths = [f"{OUT}/{job.name}/{output.path}" for output in job.outputs.values() if output.kind in STORED_KINDS]
    return tuple(yaml_scalar(server_word(text, "the path")) for path in paths for text in (path, f"{path}/**/*"))
