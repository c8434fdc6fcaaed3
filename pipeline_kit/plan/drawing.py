"""The plan as people and machines read it: a table, JSON, a Mermaid flowchart."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.plan.model import Plan, PlannedJob


def as_json(plan: Plan) -> dict[str, Value]:
    """The plan as one JSON object: `project`, `event` and `jobs`."""
    event = plan.event
    started: Value = None
    if event is not None:
        names = {"branch": event.branch, "tag": event.tag, "schedule": event.schedule}
        started = {"kind": event.kind.value, "fork": event.fork, **{k: v for k, v in names.items() if v is not None}}
    return {"project": plan.project, "event": started, "jobs": [job_as_json(job) for job in plan.jobs]}


def job_as_json(job: PlannedJob) -> Mapping[str, Value]:
    """One job of the plan as JSON."""
    return {
        "name": job.name,
        "stage": job.stage,
        "level": job.level,
        "needs": list(job.needs),
        "takes": list(job.takes),
        "when": job.when.value,
        "events": [str(event) for event in job.events],
        "changes": list(job.changes),
        "runner": job.runner.name if job.runner else None,
        "environment": job.environment.name if job.environment else None,
        "timeout_seconds": job.timeout_seconds,
        "lock": job.lock,
        "cell": dict(job.cell),
        "inputs": list(job.inputs) if job.inputs is not None else None,
        "datasets": list(job.datasets),
        "outputs": {name: output.path for name, output in job.outputs.items()},
        "forks": job.forks,
        "interruptible": job.interruptible,
    }


def as_table(plan: Plan) -> str:
    """The plan as text columns, a job a line, in the plan's order."""
    header = ("level", "job", "stage", "needs", "when", "events")
    rows = [
        (
            str(job.level),
            job.name,
            job.stage,
            ", ".join(job.needs) or "-",
            job.when.value,
            ", ".join(str(event) for event in job.events),
        )
        for job in plan.jobs
    ]
    if not rows:
        return "no job starts"
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (header, *rows)]
    return "\n".join(line.rstrip() for line in lines)


def as_mermaid(plan: Plan) -> str:
    """The plan as a Mermaid flowchart; jobs that a person starts are drawn as rounded boxes."""
    lines = ["flowchart LR"]
    for job in plan.jobs:
        left, right = ("([", "])") if job.when.value == "manual" else ("[", "]")
        lines.append(f'    {job.name}{left}"{job.name}"{right}')
    lines.extend(f"    {need} --> {job.name}" for job in plan.jobs for need in job.needs)
    return "\n".join(lines)
