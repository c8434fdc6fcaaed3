"""The results that a report is made of: those of the jobs of one pipeline, as far as they are here."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pipeline_kit.contract.result import JobRecord, Outcome
from pipeline_kit.errors import DataError
from pipeline_kit.plan.model import Plan


def gathered(
    plan: Plan, read: Callable[[str], JobRecord | None], note: Callable[[str], None]
) -> Mapping[str, JobRecord]:
    """The record of every job that left one, and of those that did not start because a need of theirs has not passed.

    A job without a record whose needs have all passed, or that has none, was not of this event. A record that does not
    count is left out, and goes to `note`: a workspace that is used again holds those of earlier pipelines.
    """
    job_records: dict[str, JobRecord] = {}
    for job in plan.jobs:
        stopped = next(
            (need for need in job.needs if need in job_records and job_records[need].outcome is not Outcome.PASSED),
            None,
        )
        if stopped is not None:  # whatever is in its folder
            reason = f"{stopped} {job_records[stopped].outcome.value}"
            job_records[job.name] = JobRecord(job.name, job.stage, Outcome.SKIPPED, reason)
            continue
        try:
            record = read(job.name)
        except DataError as error:
            note(f"note: {error.message}")
            continue
        if record is not None:
            job_records[job.name] = record
    return job_records
