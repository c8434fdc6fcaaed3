"""The preparation: what came out of the project's code, and whether it looked at test rows."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from pipeline_kit.catalog import Specs
from pipeline_kit.contract.ports import Completed, UserCall, UserReport
from pipeline_kit.contract.result import Outcome, StageResult
from pipeline_kit.descriptor.model import Dataset
from pipeline_kit.errors import Category, UsageError
from pipeline_kit.testing.context import FakePython, stage_context

TRAIN = "x,label\n1,a\n3,b\n"
TEST = "label,x\na,100\n"
DATA = {"train": Dataset("train", PurePosixPath("train.csv")), "test": Dataset("test", PurePosixPath("test.csv"))}
OUTPUTS = {"rows": "rows.csv", "scaler": "scaler.json"}

Code = Callable[[UserCall], UserReport]


def prepare(folder: Path, code: Code, outputs: dict[str, str] | None = None, **settings: Any) -> StageResult:
    """Runs the stage with a function in the place of the project's code."""
    workspace = folder / "workspace"
    workspace.mkdir(parents=True, exist_ok=True)
    (workspace / "train.csv").write_text(TRAIN)
    (workspace / "test.csv").write_text(TEST)
    stages = Specs()
    defaults = {each.name: each.default for each in stages["prepare"].parameters}
    context = stage_context(
        folder,
        job="prepare",
        settings={**defaults, "run": "project.data:prepare", **settings},
        datasets=DATA,
        outputs=OUTPUTS if outputs is None else outputs,
        python=FakePython(code=code),
    )
    return stages.load_run("prepare")(context)


def column(path: Path) -> list[float]:
    header, *lines = path.read_text().splitlines()
    place = header.split(",").index("x")
    return [float(line.split(",")[place]) for line in lines]


def write(call: UserCall, mean: float) -> UserReport:
    call.outputs["rows"].write_text("x\n1\n2\n")
    call.outputs["scaler"].write_text(json.dumps({"mean": mean}))
    return UserReport(Completed(0), metrics={"rows": 2.0})


def clean(call: UserCall) -> UserReport:
    """Fits the scaler on training rows."""
    train = column(call.inputs["data.train"])
    return write(call, sum(train) / len(train))


def leaking(call: UserCall) -> UserReport:
    """Fits the scaler on all rows."""
    every = column(call.inputs["data.train"]) + column(call.inputs["data.test"])
    return write(call, sum(every) / len(every))


def test_what_came_out_stands_in_the_report(tmp_path: Path) -> None:
    """Each output has a digest, a size, and a table's rows and columns; code, parameters and inputs stand beside it."""
    result = prepare(tmp_path, clean, parameters={"rate": 2}, seed=7)
    assert (result.outcome, result.reason) == (Outcome.PASSED, "rows: 2 rows, 1 columns; scaler: 13 bytes")
    report = json.loads((tmp_path / "out" / "prepared.json").read_text())
    assert report["outputs"]["rows"]["columns"] == ["x"]
    assert report["inputs"]["data.train"].startswith("sha256:")
    assert (report["parameters"], report["seed"]) == ({"rate": 2}, 7)
    assert report["code_digest"] == result.facts["code_digest"]
    assert {name: output.kind for name, output in result.outputs.items()} == {
        "rows": "data",
        "scaler": "data",
        "report": "report",
    }
    assert result.measurements == {"rows": 2.0}


def test_the_code_is_given_what_was_declared(tmp_path: Path) -> None:
    """Parameters, seed, datasets and outputs reach the call; the kit's own report is none of the outputs."""
    calls: list[UserCall] = []

    def code(call: UserCall) -> UserReport:
        calls.append(call)
        return clean(call)

    prepare(tmp_path, code, outputs={**OUTPUTS, "report": "report.json"}, parameters={"rate": 2}, seed=7)
    (call,) = calls
    assert (call.parameters, call.seed) == ({"rate": 2}, 7)
    assert set(call.inputs) == {"data.train", "data.test"}
    assert set(call.outputs) == {"rows", "scaler"}
    assert (tmp_path / "out" / "report.json").is_file()


def test_a_missing_or_empty_output_fails(tmp_path: Path) -> None:
    """What was declared must come out, and hold something."""
    nothing = prepare(tmp_path / "a", lambda call: UserReport(Completed(0)))
    assert nothing.reason == "output rows was not made: rows.csv is missing"
    assert (nothing.outcome, nothing.category) == (Outcome.FAILED, Category.PROJECT)

    def hollow(call: UserCall) -> UserReport:
        call.outputs["rows"].write_text("")
        call.outputs["scaler"].mkdir()
        return UserReport(Completed(0))

    assert prepare(tmp_path / "b", hollow).reason == "output rows is empty: rows.csv"


FAILURES = {
    "an exception": (UserReport(Completed(1), exception="ValueError: no\nsuch column"), "ValueError: no such column"),
    "an exit code": (
        UserReport(Completed(3, ("working", "disk is full", " "))),
        "the project's code ended with exit code 3: disk is full",
    ),
    "the time limit": (
        UserReport(Completed(-9, (), 60.0, timed_out=True)),
        "the project's code ran into the time limit after 60 s",
    ),
    "a kill": (
        UserReport(Completed(-9)),
        "the project's code was killed by SIGKILL: the machine may have run out of memory",
    ),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failed_call_is_a_result_with_its_line(tmp_path: Path, failure: str) -> None:
    """The reason is what the code said last, on one line."""
    report, reason = FAILURES[failure]
    result = prepare(tmp_path, lambda call: report)
    assert (result.outcome, result.reason) == (Outcome.FAILED, reason)


def test_a_job_without_outputs_is_a_mistake_in_the_descriptor(tmp_path: Path) -> None:
    """Preparing nothing is refused with the way to declare it."""
    with pytest.raises(UsageError, match="declares no outputs"):
        prepare(tmp_path, clean, outputs={})


def test_code_that_fits_on_training_rows_is_proved_clean(tmp_path: Path) -> None:
    """Without the test rows the scaler has the same bytes."""
    result = prepare(tmp_path, clean, fitted=["scaler"])
    assert result.outcome is Outcome.PASSED, result.reason
    assert [(case.name, case.failure) for case in result.cases] == [("scaler is fitted on training rows only", None)]


def test_code_that_looks_at_test_rows_is_caught(tmp_path: Path) -> None:
    """A mean over all rows changes when the test rows do."""
    result = prepare(tmp_path, leaking, fitted=["scaler"])
    assert (result.outcome, result.category) == (Outcome.FAILED, Category.DATA)
    assert result.reason == "scaler depends on rows beside train: without them it came out different"
    assert prepare(tmp_path / "unasked", leaking).outcome is Outcome.PASSED


def test_code_that_reads_the_file_behind_the_kits_back_is_caught(tmp_path: Path) -> None:
    """The second call's workspace is a copy where the test file itself has training rows."""

    def behind(call: UserCall) -> UserReport:
        folder = call.inputs["data.train"].parent
        return write(call, sum(column(folder / "test.csv")))

    assert "depends on rows beside train" in prepare(tmp_path, behind, fitted=["scaler"]).reason


def test_code_that_is_not_deterministic_is_told_apart(tmp_path: Path) -> None:
    """A counter in the output is no leak, and the reason says so."""
    numbers = itertools.count()
    result = prepare(tmp_path, lambda call: write(call, next(numbers)), fitted=["scaler"])
    assert result.reason == "scaler is not deterministic: two calls on the same data gave different bytes"


def test_the_first_calls_outputs_are_the_ones_that_stay(tmp_path: Path) -> None:
    """The proof leaves no trace in the workspace or the outputs."""
    prepare(tmp_path, leaking, fitted=["scaler"])
    assert json.loads((tmp_path / "out" / "scaler.json").read_text())["mean"] == pytest.approx(104 / 3)
    assert (tmp_path / "workspace" / "test.csv").read_text() == TEST


def test_fitted_names_must_be_known(tmp_path: Path) -> None:
    """An output or reference that is not there is a mistake in the descriptor."""
    with pytest.raises(UsageError, match="fitted names 'scaller', which is not an output"):
        prepare(tmp_path, clean, fitted=["scaller"])
    with pytest.raises(UsageError, match="fitted needs the dataset 'training'"):
        prepare(tmp_path, clean, fitted=["scaler"], reference="training")


def test_a_second_call_that_fails_fails_the_check(tmp_path: Path) -> None:
    """Code that cannot live without other rows has not shown that it does not use them."""

    def code(call: UserCall) -> UserReport:
        if 100.0 not in column(call.inputs["data.test"]):
            return UserReport(Completed(1), exception="KeyError: 100")
        return clean(call)

    assert prepare(tmp_path, code, fitted=["scaler"]).reason == "the call without other rows failed: KeyError: 100"
