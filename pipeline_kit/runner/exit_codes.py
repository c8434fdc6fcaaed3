"""Exit codes: what a job's outcome is to the server that ran it."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline_kit.contract.result import JobRecord, Outcome
from pipeline_kit.errors import Category

PASSED, FAILED, USAGE, INFRASTRUCTURE, UNDECIDED, INTERNAL, INTERRUPTED, TERMINATED = 0, 1, 2, 3, 4, 70, 130, 143
WORST_FIRST = (INTERNAL, TERMINATED, INTERRUPTED, USAGE, INFRASTRUCTURE, FAILED, UNDECIDED, PASSED)
BY_CATEGORY = {
    Category.CONFIG: USAGE,
    Category.INFRASTRUCTURE: INFRASTRUCTURE,
    Category.INTERNAL: INTERNAL,
    Category.INTERRUPTED: INTERRUPTED,
}


def exit_code(record: JobRecord) -> int:
    """The exit code of a job that ended so."""
    if record.outcome is Outcome.UNDECIDED:
        return UNDECIDED
    if record.outcome is Outcome.FAILED:
        return BY_CATEGORY.get(record.category or Category.PROJECT, FAILED)
    return PASSED


def worst(records: Iterable[JobRecord]) -> int:
    """The exit code of a run: the worst of its jobs'."""
    codes = {exit_code(record) for record in records}
    return next((code for code in WORST_FIRST if code in codes), PASSED)
