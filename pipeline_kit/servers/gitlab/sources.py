"""What the values of GitLab's template come from, and its lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

from pipeline_kit.descriptor.model import EventPattern
from pipeline_kit.plan.model import PlannedJob
from pipeline_kit.render import value_sources
from pipeline_kit.render.keys import KeyFinder
from pipeline_kit.render.marks import MarkedLine
from pipeline_kit.render.sources import LineSource, depth
from pipeline_kit.render.value_sources import Source, value_name
from pipeline_kit.servers.gitlab.render import started_events

SOURCES = {
    **value_sources.SOURCES,
    "workflow": Source("The pipeline starts on every event that starts one of its jobs.", ("jobs.{any}.events",)),
    "push_beside": Source(
        "A push with an open merge request runs the merge request's pipeline only.", ("jobs.{any}.events",)
    ),
    "stages": Source("A stage for each level: the longest path of needs from a job without any.", ("jobs",)),
    "lock": Source("pip's downloads are kept as long as the lock file stays the same.", ("project.lock",)),
    **{f"report.{name}": value_sources.REPORT for name in ("tags", "variables")},
    "job.stage": Source("Its level: the longest path of needs before it.", ("jobs.{job}.needs",)),
    "job.tags": Source("The tags that a runner must have.", ("runners.{runner}.gitlab jobs.{job}.runner",)),
    "job.rules.condition": value_sources.EVENTS,
    "job.rules.changes": value_sources.CHANGES,
    "job.rules.when": value_sources.EVENTS,
    "job.rules.when.manual": value_sources.APPROVAL,
    "job.resource_group": value_sources.LOCK,
    "job.variables": value_sources.SECRETS,
}
CONSTANTS = (
    *value_sources.CONSTANTS,
    (
        r"auto_cancel:|on_new_commit:",
        "A newer push cancels older pipelines, up to the first job that changes the world.",
    ),
    (r"interruptible:", "A newer push may cancel a job, unless the job says otherwise."),
    (
        r"retry:|max:|exit_codes:|when: \[",
        "A job runs once more where the infrastructure failed, and for no other reason.",
    ),
    (
        r"cache:|key:|paths: \[\.pipeline-kit/cache|variables:|PIP_CACHE_DIR:",
        "pip's downloads are kept between pipelines.",
    ),
    (r"artifacts:|when: always|expire_in:", value_sources.KEPT),
)


class GitlabKeys(KeyFinder):
    """Finds the keys of the lines of a `.gitlab-ci.yml`."""

    sources = SOURCES
    constants = CONSTANTS

    @cached_property
    def started(self) -> tuple[EventPattern, ...]:
        """The events of the whole workflow."""
        return started_events(self.plan)

    def name_of(self, path: str, text: str, job: PlannedJob | None) -> str:
        """A rule's `when` is of an approval where it is `manual`."""
        name = value_name(path)
        return "job.rules.when.manual" if name == "job.rules.when" and text.endswith("manual") else name

    def event(self, line: MarkedLine, job: PlannedJob | None) -> EventPattern | None:
        """The one event that a line of the rules is about, or `None`."""
        path = next((path for path in line.values if value_name(path) in ("workflow", "job.rules.condition")), "")
        numbers = [int(part) for part in path.split(".") if part.isdigit()]
        if not numbers:
            return None
        return self.started[numbers[0]] if job is None else job.events[numbers[1]]


def with_headers(lines: Sequence[LineSource]) -> tuple[LineSource, ...]:
    """YAML's lines; a key with nothing behind it comes from what the first line under it comes from."""
    line_sources = list(lines)
    for at in reversed(range(len(line_sources) - 1)):
        line, below = line_sources[at], line_sources[at + 1]
        if line.text.endswith(":") and below.job == line.job and depth(below.text) > depth(line.text) > 0:
            line_sources[at] = replace(line, keys=below.keys, meaning=below.meaning)
    return tuple(line_sources)
