"""What CI files and their comparisons say in words: durations, events, outcomes."""

from __future__ import annotations

from pipeline_kit.descriptor.model import Descriptor, EventKind
from pipeline_kit.plan.model import Plan, PlannedJob

SERVER_MARGIN_SECONDS = 300
"""How much later than the kit's own time limit a server's comes, so that the job can still report its timeout."""

OUT = ".pipeline-kit/out"
REPORT_COMMAND = "pipeline-kit report"
REPORT_JOB = "pipeline-report"
SCHEDULE_VARIABLE = "PIPELINE_KIT_SCHEDULE"


def duration_words(seconds: int) -> str:
    """A duration as servers read it and a person too: `6 hours 5 minutes`."""
    parts = []
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}" if count == 1 else f"{count} {unit}s")
    return " ".join(parts) or "0 seconds"


def server_timeout_seconds(job: PlannedJob) -> int:
    """The server's time limit for a job."""
    return job.timeout_seconds + SERVER_MARGIN_SECONDS


def unattended(plan: Plan) -> tuple[PlannedJob, ...]:
    """The jobs that start without any person: neither they nor what they need waits for one."""
    waiting: set[str] = set()
    for job in plan.jobs:
        if job.waits_for_a_person or waiting.intersection(job.needs):
            waiting.add(job.name)
    return tuple(job for job in plan.jobs if job.name not in waiting)


def exclusive(job: PlannedJob, project: str) -> str | None:
    """The name under which only one job runs at a time, over all pipelines: its lock, or its environment."""
    if job.lock is not None:
        return f"{project}-{job.lock}"
    return f"{project}-{job.environment.name}" if job.environment is not None else None


def takes_schedules(plan: Plan, descriptor: Descriptor) -> bool:
    """Whether there is a schedule, and it starts any job."""
    return bool(descriptor.schedules) and any(
        event.kind is EventKind.SCHEDULE for job in plan.jobs for event in job.events
    )
