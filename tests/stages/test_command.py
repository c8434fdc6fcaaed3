"""The command stage: a call of the project's code with nothing around it."""

from __future__ import annotations

import math
from pathlib import Path

from pipeline_kit.catalog import Specs
from pipeline_kit.contract.ports import Completed, UserCall, UserReport
from pipeline_kit.contract.result import Outcome, StageResult
from pipeline_kit.errors import Category
from pipeline_kit.testing.context import FakePython, stage_context


def run(folder: Path, code: FakePython, **outputs: str) -> StageResult:
    settings = {"run": ["make", "docs"], "parameters": {"x": 1}, "seed": 3}
    context = stage_context(folder, job="docs", settings=settings, outputs=outputs, python=code)
    return Specs().load_run("command")(context)


def test_it_hands_over_what_the_descriptor_says_and_collects_what_was_made(tmp_path: Path) -> None:
    """An argv list reaches the call as it is; a declared output is one of the result."""

    def code(call: UserCall) -> UserReport:
        call.outputs["page"].write_text("made")
        return UserReport(Completed(0, seconds=0.5), metrics={"pages": 4})

    python = FakePython(code=code)
    result = run(tmp_path, python, page="index.html")
    assert result.outcome is Outcome.PASSED
    assert result.outputs["page"].path == "index.html"
    assert result.measurements == {"pages": 4}
    (call,) = python.calls
    assert (tuple(call.entry), call.parameters, call.seed, call.name) == (("make", "docs"), {"x": 1}, 3, "docs")


def test_a_figure_that_is_no_number_is_handed_on(tmp_path: Path) -> None:
    """The runner leaves it out of the record and names it in the reason; the stage does not make it vanish."""
    result = run(tmp_path, FakePython(code=lambda call: UserReport(Completed(0), metrics={"loss": math.nan})))
    assert math.isnan(float(result.measurements["loss"]))


def test_a_model_is_one_whoever_makes_it(tmp_path: Path) -> None:
    """A command that fetches a model leaves what an evaluation takes: the plan counts on its output's name."""

    def fetches(call: UserCall) -> UserReport:
        for path in call.outputs.values():
            path.write_text("x")
        return UserReport(Completed(0))

    result = run(tmp_path, FakePython(code=fetches), model="model.onnx", notes="notes.txt")
    assert {name: each.kind for name, each in result.outputs.items()} == {"model": "model", "notes": "data"}


def test_what_ends_badly_or_leaves_nothing_fails(tmp_path: Path) -> None:
    """Its exit code is told, never passed through."""
    failed = run(tmp_path, FakePython(code=lambda call: UserReport(Completed(42, ("make: *** no rule",)))))
    assert failed.outcome is Outcome.FAILED
    assert "exit code 42: make: *** no rule" in failed.reason
    missing = run(tmp_path, FakePython(), page="index.html")
    assert (missing.outcome, missing.category) == (Outcome.FAILED, Category.PROJECT)
    assert "page" in missing.reason
