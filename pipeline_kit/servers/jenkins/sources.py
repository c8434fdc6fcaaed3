"""What the values of Jenkins's template come from, and its lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline_kit.plan.model import PlannedJob
from pipeline_kit.render import value_sources
from pipeline_kit.render.keys import KeyFinder
from pipeline_kit.render.sources import LineSource, depth
from pipeline_kit.render.value_sources import Source, value_name
from pipeline_kit.render.words import takes_schedules
from pipeline_kit.servers.jenkins.render import conditions_by_kind

LABEL = Source("The label of its runner class.", ("runners.{runner}.jenkins jobs.{job}.runner",))
AGENT = Source("The agent of its runner class; any agent where the job names none.", ("jobs.{job}.runner", "kit.image"))
LEVEL = Source(
    "Jenkins has no graph of jobs: a level's jobs run side by side, after all of the level before.", ("jobs",)
)
EARLY = Source(
    "The conditions are evaluated before an agent is allocated, and before the question to a person.",
    ("jobs.{job}.needs",),
)

SOURCES = {
    **value_sources.SOURCES,
    "by_schedule": value_sources.SCHEDULES,
    "triggers": value_sources.SCHEDULES,
    "newest": value_sources.FIRST_RELEASE,
    "has_no_return": value_sources.FIRST_RELEASE,
    "level.no_return": value_sources.FIRST_RELEASE,
    "levels.name": LEVEL,
    "level.jobs": LEVEL,
    **{f"report.{name}": value_sources.REPORT for name in ("agent", "unstash")},
    "job.stashed_as": value_sources.REPORT,
    "job.unstash": value_sources.TAKEN,
    "job.conditions": Source("When the job starts; all of it must hold.", ("jobs.{job}.needs jobs.{job}.events",)),
    "job.conditions.needs": Source("The job starts only where this need has passed.", ("jobs.{job}.needs",)),
    "job.conditions.events": value_sources.EVENTS,
    "job.conditions.changes": value_sources.CHANGES,
    "job.conditions.forks": Source(
        "A merge request from a fork gets no secrets and deploys nothing.",
        ("jobs.{job}.secrets environments.{environment}.secrets jobs.{job}.environment", "jobs.{job}.needs"),
    ),
    "job.early": EARLY,
    "job.agent": AGENT,
    "job.agent.image": value_sources.IMAGE,
    "job.agent.label": LABEL,
    "job.question": value_sources.APPROVAL,
    "job.timeout_minutes": value_sources.TIMEOUT,
    "job.outcome": Source("The job has passed: what the jobs that need it ask for.", ("jobs.{job}",)),
}
CONSTANTS = (
    *value_sources.CONSTANTS,
    (r"post \{|always \{", value_sources.KEPT),
    (r"retry\(", "A stage runs once more where its agent was lost."),
    (r"catchError|script \{", "A failed job stops what needs it, and nothing else."),
    (r"disableConcurrentBuilds", "A newer push cancels older builds."),
    (r"parallel \{", LEVEL.says),
    (r"agent none", "No agent is held while nothing runs: each job asks for its own."),
)


class JenkinsKeys(KeyFinder):
    """Finds the keys of the lines of a `Jenkinsfile`."""

    sources = SOURCES
    constants = CONSTANTS

    def name_of(self, path: str, text: str, job: PlannedJob | None) -> str:
        """The name of a value, with what distinguishes the lines of an agent and of conditions."""
        name = value_name(path)
        if name in ("has_no_return", "newest") and not self.first_release:
            return ""
        if name == "job.agent" and path.startswith("levels"):
            return "job.agent.label" if text.lstrip().startswith("label") else "job.agent.image"
        if name == "job.conditions" and path.startswith("levels") and job is not None:
            return f"{name}.{self.condition_kinds(job)[int(path.rpartition('.')[2])]}"
        return name

    def condition_kinds(self, job: PlannedJob) -> list[str]:
        """What each line of a job's conditions is about."""
        by_kind = conditions_by_kind(job, self.plan, takes_schedules(self.plan, self.descriptor))
        return [kind for kind, lines in by_kind.items() for _ in lines]


def with_closers(lines: Sequence[LineSource]) -> tuple[LineSource, ...]:
    """Groovy's lines; a bracket that closes a block comes from what the line comes from that opens it."""
    line_sources, opened = list(lines), dict[int, LineSource]()
    for at, line in enumerate(line_sources):
        if line.text.endswith(("{", "([")):
            opened[depth(line.text)] = line
        elif line.text.lstrip().startswith(("}", "]")) and depth(line.text) in opened:
            opener = opened.pop(depth(line.text))
            line_sources[at] = replace(line, keys=opener.keys, meaning=f"Closes line {opener.number}: {opener.meaning}")
    return tuple(line_sources)
