"""The table of exit codes, and who takes a code from it."""

from __future__ import annotations

import signal

import pytest

from pipeline_kit.contract.result import JobRecord, Outcome
from pipeline_kit.errors import Category, InfrastructureError, ModelError, UsageError
from pipeline_kit.runner.exit_codes import BY_CATEGORY, ExitCode, exit_code, exit_code_of_error, worst
from pipeline_kit.runner.stop import STOPPING, Interrupted


def record(outcome: Outcome, category: Category | None = None) -> JobRecord:
    return JobRecord("train", "train", outcome, "", category)


def test_every_category_has_an_exit_code() -> None:
    """And only infrastructure is retried by a server."""
    assert set(BY_CATEGORY) == set(Category)
    assert [code for code in ExitCode if code.retried != "no"] == [ExitCode.INFRASTRUCTURE]


def test_every_signal_that_stops_a_job_is_in_the_table() -> None:
    """As 128 and its number."""
    for number in STOPPING:
        assert exit_code_of_error(Interrupted(number)) == ExitCode(128 + number)


@pytest.mark.parametrize(
    ("outcome", "category", "code"),
    [
        (Outcome.PASSED, None, 0),
        (Outcome.SKIPPED, None, 0),
        (Outcome.WAITING, None, 0),
        (Outcome.UNDECIDED, Category.MODEL, 4),
        (Outcome.FAILED, None, 1),
        (Outcome.FAILED, Category.INFRASTRUCTURE, 3),
        (Outcome.FAILED, Category.CONFIG, 2),
    ],
)
def test_the_exit_code_of_a_job(outcome: Outcome, category: Category | None, code: int) -> None:
    """By its outcome; a failed one by its category."""
    assert exit_code(record(outcome, category)) == code


def test_a_run_ends_with_the_worst_of_its_jobs() -> None:
    """A failure outweighs an undecided gate, infrastructure a failure; an empty run passes."""
    failed, undecided = record(Outcome.FAILED), record(Outcome.UNDECIDED)
    assert worst([undecided, failed, record(Outcome.PASSED)]) is ExitCode.FAILED
    assert worst([failed, record(Outcome.FAILED, Category.INFRASTRUCTURE)]) is ExitCode.INFRASTRUCTURE
    assert worst([]) is ExitCode.PASSED


def broken_by(cause: BaseException) -> RuntimeError:
    """What Python before 3.12 makes of an exception that is raised while a class is made."""
    error = RuntimeError("error calling __set_name__")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("x"), 2),
        (ModelError("x"), 1),
        (InfrastructureError("x"), 3),
        (OSError("x"), 3),
        (KeyboardInterrupt(), 130),
        (broken_by(Interrupted(signal.SIGTERM)), 143),
        (broken_by(KeyboardInterrupt()), 130),
        (ValueError("x"), 70),
    ],
)
def test_the_exit_code_of_an_error(error: BaseException, code: int) -> None:
    """By its category, else by the signal behind it, else a fault of the kit."""
    assert exit_code_of_error(error) == code
