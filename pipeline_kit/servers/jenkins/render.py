"""The plan as a declarative `Jenkinsfile`. What Jenkins does with each directive: docs/server-semantics.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline_kit.contract.spec import STORED_KINDS
from pipeline_kit.descriptor.events import ROOT_EVENTS, covers
from pipeline_kit.descriptor.model import Descriptor, EventKind, EventPattern, Runner, Schedule, Secret, SecretType
from pipeline_kit.descriptor.secret_variables import secret_variable
from pipeline_kit.plan.model import Plan, PlannedJob
from pipeline_kit.render.install import image_of, install_command
from pipeline_kit.render.quoting import name_expression, server_word
from pipeline_kit.render.words import (
    OUT,
    REPORT_COMMAND,
    SCHEDULE_VARIABLE,
    exclusive,
    server_timeout_seconds,
    takes_schedules,
)
from pipeline_kit.servers.jenkins.levels import jenkins_levels
from pipeline_kit.servers.jenkins.quoting import groovy_string

SCHEDULED = f"expression {{ params.{SCHEDULE_VARIABLE} }}"
BY_HAND = "triggeredBy 'UserIdCause'"
NO_CHANGE_REQUEST = "not { changeRequest() }"


@dataclass(frozen=True, slots=True)
class JobView:
    """A job's stage, each field ready to print; empty where the file says nothing."""

    name: str
    conditions: tuple[str, ...]
    early: bool  # whether the conditions are evaluated before an agent is allocated
    agent: tuple[str, ...]
    question: str
    lock: str
    timeout_minutes: int
    unstash: tuple[str, ...]
    secrets: tuple[str, ...]
    script: str
    out: str
    exclude: str
    outcome: str
    stashed_as: str  # what its results are stashed as for the report; empty without a report


@dataclass(frozen=True, slots=True)
class ReportView:
    """The stage that gathers the report, each field ready to print."""

    agent: tuple[str, ...]
    unstash: tuple[str, ...]
    script: str


@dataclass(frozen=True, slots=True)
class LevelView:
    """One level: a plain stage, or several side by side; `no_return` on the first level that must not be cancelled."""

    name: str
    jobs: tuple[JobView, ...]
    no_return: bool


def template_values(plan: Plan, descriptor: Descriptor, extras: Sequence[str]) -> dict[str, object]:
    """What the template prints, by the template's names."""
    install, scheduled = install_command(descriptor, plan, extras), takes_schedules(plan, descriptor)
    ordered = jenkins_levels(plan)
    no_return = first_no_return(ordered)
    levels = [
        LevelView(
            name=groovy_string(f"level {number}"),
            jobs=tuple(job_view(job, plan, descriptor) for job in level),
            no_return=number == no_return,
        )
        for number, level in enumerate(ordered, start=1)
    ]
    return {
        "install": groovy_string(install) if install is not None else "",
        "levels": levels,
        "has_no_return": any(level.no_return for level in levels),
        "by_schedule": scheduled,
        "triggers": triggers(rendered_schedules(plan, descriptor)),
        "newest": newest(scheduled),
        "report": report_view(plan, descriptor),
    }


def report_view(plan: Plan, descriptor: Descriptor) -> ReportView | None:
    """The stage that gathers the report, or None."""
    if descriptor.report is None:
        return None
    runner = descriptor.runners.get(descriptor.report.runner or "")
    image = (runner.image if runner else None) or descriptor.kit.image
    return ReportView(
        agent=agent(runner, image),
        unstash=tuple(groovy_string(report_stash(job.name)) for job in plan.jobs),
        script=groovy_string(REPORT_COMMAND),
    )


def report_stash(job: str) -> str:
    """What a job's results are stashed as for the report, however it ended."""
    return f"{job}.report"


def newest(scheduled: bool) -> tuple[str, ...]:
    """The conditions of a build that a newer push replaces: it was neither scheduled nor started by hand."""
    return (*([f"not {{ {SCHEDULED} }}"] if scheduled else []), f"not {{ {BY_HAND} }}")


def first_no_return(levels: Sequence[Sequence[PlannedJob]]) -> int | None:
    """The number of the first level with a job that a newer push may not interrupt, from 1."""
    numbers = (number for number, level in enumerate(levels, start=1) if not all(job.interruptible for job in level))
    return next(numbers, None)


def rendered_schedules(plan: Plan, descriptor: Descriptor) -> tuple[Schedule, ...]:
    """The schedules that the file can hold: of each branch those in the time zone of its first.

    The trigger's text has one time zone, in its first line: https://plugins.jenkins.io/parameterized-scheduler/
    """
    if not takes_schedules(plan, descriptor):
        return ()
    zones: dict[str, str] = {}
    for schedule in descriptor.schedules.values():
        zones.setdefault(schedule.branch, schedule.timezone)
    return tuple(schedule for schedule in descriptor.schedules.values() if zones[schedule.branch] == schedule.timezone)


def triggers(schedules: Sequence[Schedule]) -> tuple[str, ...]:
    """The trigger's Groovy expression, a line a branch: every branch has this file, and only its own schedules."""
    lines = []
    for branch in dict.fromkeys(schedule.branch for schedule in schedules):
        own = [schedule for schedule in schedules if schedule.branch == branch]
        table = [f"TZ={server_word(own[0].timezone, 'the time zone')}"]
        table += [f"{server_word(child.cron, 'the cron')} %{SCHEDULE_VARIABLE}={child.name}" for child in own]
        lines.append(f"{groovy_string(branch)}: {groovy_string(chr(10).join(table))}")
    return tuple(lines)


def job_view(job: PlannedJob, plan: Plan, descriptor: Descriptor) -> JobView:
    """The job as the template prints it."""
    group = exclusive(job, descriptor.project.name)
    own_changes = narrows_itself(job, plan)
    excluded = [f"{OUT}/{job.name}/{output.path}" for output in job.outputs.values() if output.kind in STORED_KINDS]
    excluded = excluded if descriptor.store is not None else []
    return JobView(
        name=groovy_string(job.name),
        conditions=conditions(job, plan, takes_schedules(plan, descriptor)),
        early=not own_changes,
        agent=agent(job.runner, image_of(job, descriptor.kit)),
        question=groovy_string(f"Start {job.name}?") if job.waits_for_a_person else "",
        lock=groovy_string(server_word(group, "the lock")) if group is not None else "",
        timeout_minutes=timeout_minutes(job),
        unstash=tuple(groovy_string(take) for take in job.takes),
        secrets=tuple(binding(secret) for secret in job.secrets if "jenkins" in secret.servers),
        script=groovy_string(once_more_on_3(f"pipeline-kit job {job.name}")),
        out=f"{OUT}/{job.name}",
        exclude=groovy_string(",".join(f"{child},{child}/**" for child in excluded)) if excluded else "",
        outcome=outcome_variable(job.name),
        stashed_as=groovy_string(report_stash(job.name)) if descriptor.report is not None else "",
    )


def timeout_minutes(job: PlannedJob) -> int:
    """The server's time limit for a job, in whole minutes."""
    return -(-server_timeout_seconds(job) // 60)


def once_more_on_3(command: str) -> str:
    """The command, and again where it exits with 3: Jenkins can repeat a step, but not for one exit code."""
    return f"{command} || {{ [ $? -eq 3 ] && {command}; }}"


def outcome_variable(name: str) -> str:
    """The build's variable that holds `passed` once a job has passed."""
    return f"OUTCOME_{name.upper()}"


def narrows_itself(job: PlannedJob, plan: Plan) -> bool:
    """Whether its `changes` are its own and not those of a need, whose outcome says enough."""
    needs = [need for need in plan.jobs if need.name in job.needs]
    return bool(job.changes) and all(need.changes != job.changes for need in needs)


def conditions(job: PlannedJob, plan: Plan, scheduled: bool) -> tuple[str, ...]:
    """The lines of a job's `when`, all of which must hold."""
    return tuple(line for lines in conditions_by_kind(job, plan, scheduled).values() for line in lines)


def conditions_by_kind(job: PlannedJob, plan: Plan, scheduled: bool) -> dict[str, Sequence[str]]:
    """The lines of a job's `when` by what they are about; a passed need implies its own conditions."""
    needs = [need for need in plan.jobs if need.name in job.needs]
    result: dict[str, Sequence[str]] = {
        "needs": [f"environment name: '{outcome_variable(need.name)}', value: 'passed'" for need in needs]
    }
    # Jenkins builds whatever it finds; what GitLab's `workflow` keeps out, each job without needs keeps out itself.
    if not any(covers(job.events, need.events) for need in needs) and not covers(job.events, ROOT_EVENTS):
        result["events"] = block("anyOf", [event_condition(event, scheduled) for event in job.events])
    if not job.forks and all(need.forks for need in needs):
        result["forks"] = ["expression { env.CHANGE_FORK == null }"]
    if narrows_itself(job, plan):
        globs = [glob for changed in job.changes for glob in change_globs(changed)]
        result["changes"] = block(
            "anyOf", [[NO_CHANGE_REQUEST], *([f"changeset {groovy_string(glob)}"] for glob in globs)]
        )
    return result


def block(word: str, parts: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a condition made of others; of a single one its own."""
    if len(parts) == 1 and word != "not":
        return list(parts[0])
    return [f"{word} {{", *(f"  {line}" for part in parts for line in part), "}"]


def event_condition(event: EventPattern, scheduled: bool) -> list[str]:
    """The lines of the condition that holds for an event.

    A change request is one whoever started it; a person or a schedule that starts a branch or a tag makes it no push.
    """
    if event.kind is EventKind.MERGE_REQUEST:
        return ["changeRequest()"]
    if event.kind is EventKind.SCHEDULE:
        chosen = "" if event.pattern == "*" else f" == {groovy_string(event.pattern)}"
        return [f"expression {{ params.{SCHEDULE_VARIABLE}{chosen} }}"]
    parts = [[NO_CHANGE_REQUEST], *([[f"not {{ {SCHEDULED} }}"]] if scheduled else [])]
    if event.kind is EventKind.MANUAL:
        return block("allOf", [[BY_HAND], *parts])
    parts.append([f"not {{ {BY_HAND} }}"])
    if event.kind is EventKind.TAG:
        tag = "buildingTag()" if event.pattern == "*" else f"tag {name_match(event.pattern)}"
        return block("allOf", [[tag], *parts])
    branch = [] if event.pattern == "*" else [[f"branch {name_match(event.pattern)}"]]
    return block("allOf", [*branch, ["not { buildingTag() }"], *parts])


def name_match(pattern: str) -> str:
    """The arguments of `branch` and `tag` that match a name as the descriptor means it, not as an Ant glob would."""
    if "*" not in pattern:
        return f"pattern: {groovy_string(pattern)}, comparator: 'EQUALS'"
    return f"pattern: {groovy_string(name_expression(pattern))}, comparator: 'REGEXP'"


def change_globs(glob: str) -> tuple[str, ...]:
    """A glob of the descriptor as Ant globs; one that names a folder means all within it."""
    base = server_word(glob.rstrip("/"), "the glob")
    return (base,) if base == "**" or base.endswith("/**") else (base, f"{base}/**")


def agent(runner: Runner | None, image: str | None) -> tuple[str, ...]:
    """The lines inside the stage's `agent`, or none for any agent."""
    expression = runner.servers.get("jenkins") if runner else None
    label = f"label {groovy_string(server_word(expression, 'the label'))}" if isinstance(expression, str) else ""
    if image is None:
        return (label,) if label else ()
    lines = [f"image {groovy_string(server_word(image, 'the image'))}", *([label] if label else [])]
    return ("docker {", *(f"  {line}" for line in lines), "}")


def binding(secret: Secret) -> str:
    """The credentials binding of a secret: https://www.jenkins.io/doc/pipeline/steps/credentials-binding/"""
    name = secret_variable(secret.name)
    credential = f"credentialsId: {groovy_string(str(secret.servers.get('jenkins') or ''))}"
    if secret.type is SecretType.USERNAME_PASSWORD:
        variables = f"usernameVariable: '{name}_USERNAME', passwordVariable: '{name}_PASSWORD'"
        return f"usernamePassword({credential}, {variables})"
    step = "file" if secret.type is SecretType.FILE else "string"
    return f"{step}({credential}, variable: '{name}')"
