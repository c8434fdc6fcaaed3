"""Exit codes: their one table, and the exit code of a job, of a run and of an error."""

from __future__ import annotations

import signal
from collections.abc import Iterable
from enum import IntEnum

from pipeline_kit.contract.result import JobRecord, Outcome
from pipeline_kit.errors import Category, KitError
from pipeline_kit.runner.stop import Interrupted, stopped_by


class ExitCode(IntEnum):
    """The exit codes, worst first: their meaning, and whether a CI server runs such a job again."""

    meaning: str
    retried: str

    def __new__(cls, number: int, meaning: str, retried: str = "no") -> ExitCode:
        """A row of the table."""
        code = int.__new__(cls, number)
        code._value_ = number
        code.meaning, code.retried = meaning, retried
        return code

    INTERNAL = 70, "a fault of the kit or of a stage, with its traceback in the log"
    TERMINATED = 128 + signal.SIGTERM, "interrupted by SIGTERM"
    INTERRUPTED = 128 + signal.SIGINT, "interrupted by Ctrl-C (SIGINT)"
    HANGUP = 128 + signal.SIGHUP, "interrupted by SIGHUP: the terminal or the connection closed"
    USAGE = 2, "the descriptor or the command line is wrong"
    INFRASTRUCTURE = 3, "registry, store, network or disk failed, after the kit's own retries", "once more"
    FAILED = 1, "the project failed: tests red, gate not met, data refused, the kit's own time limit"
    UNDECIDED = 4, "the evidence is too thin; stops the jobs that need it exactly as a failure does"
    PASSED = 0, "passed"


BY_CATEGORY = {
    Category.CONFIG: ExitCode.USAGE,
    Category.PROJECT: ExitCode.FAILED,
    Category.DATA: ExitCode.FAILED,
    Category.MODEL: ExitCode.FAILED,
    Category.INFRASTRUCTURE: ExitCode.INFRASTRUCTURE,
    Category.TIMEOUT: ExitCode.FAILED,
    Category.INTERRUPTED: ExitCode.INTERRUPTED,
    Category.INTERNAL: ExitCode.INTERNAL,
}


def exit_code(record: JobRecord) -> ExitCode:
    """The exit code of a job with that record."""
    if record.outcome is Outcome.UNDECIDED:
        return ExitCode.UNDECIDED
    if record.outcome is Outcome.FAILED:
        return BY_CATEGORY[record.category or Category.PROJECT]
    return ExitCode.PASSED


def worst(records: Iterable[JobRecord]) -> ExitCode:
    """The exit code of a run: the worst of its jobs'."""
    codes = {exit_code(record) for record in records}
    return next((code for code in ExitCode if code in codes), ExitCode.PASSED)


def exit_code_of_error(error: BaseException) -> int:
    """The exit code of a command that an error ended; 128 and the signal's number where a signal is behind it."""
    if isinstance(error, KitError):
        return BY_CATEGORY[error.category]
    cause = stopped_by(error)
    if isinstance(cause, Interrupted):
        return 128 + cause.number
    if isinstance(cause, KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    return ExitCode.INFRASTRUCTURE if isinstance(error, OSError) else ExitCode.INTERNAL
