"""The evaluation: what the project's code is given, and what its predictions are worth."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from pipeline_kit.contract.digest import digest_file
from pipeline_kit.contract.ports import Completed, UserCall, UserReport
from pipeline_kit.contract.result import Outcome, StageResult
from pipeline_kit.descriptor.model import Dataset
from pipeline_kit.errors import Category, DataError, ModelError, UsageError
from pipeline_kit.gates.evidence import read_metrics
from pipeline_kit.testing.context import FakePython, FakePythons
from tests.stages.judging import PACKAGES, Project, names_in, run, threshold_code


def evaluate(folder: Path, predicts: Any = threshold_code, threshold: float = 0.5, **settings: Any) -> StageResult:
    project = Project(folder, threshold)
    pythons = FakePythons(FakePython(predicts, packages=PACKAGES))
    asked = {"run": "fraud:predict", "slices": ["country"], **settings}
    return run("evaluate", project.context("evaluate", project.trained(), pythons=pythons, settings=asked))


def test_metrics_overall_and_by_slice(tmp_path: Path) -> None:
    """One dataset is scored, its metrics flat in the result and in full in the file."""
    result = evaluate(tmp_path, threshold=0.6)
    assert result.outcome is Outcome.PASSED
    assert result.reason == "test: accuracy 0.9, precision 1, recall 0.8 on 100 rows"
    assert result.measurements["f1"] == pytest.approx(2 * 0.8 / 1.8)
    assert result.measurements["rows"] == 100
    out = tmp_path / "now" / "evaluate" / "out"
    document = json.loads((out / "metrics.json").read_text())
    assert document["datasets"]["test"]["confusion"] == {"labels": ["0", "1"], "matrix": [[50, 0], [10, 40]]}
    assert set(document["datasets"]["test"]["slices"]["country"]) == {"DE", "FR"}
    assert document["datasets"]["test"]["curves"]["roc"]["1"][-1] == [1.0, 1.0]
    evidence = read_metrics((out / "metrics.json").read_text(), "metrics.json")
    assert evidence.model == result.facts["model"] == digest_file(tmp_path / "now" / "model.json")
    assert result.facts["predictions"] == {"test": digest_file(out / "predictions" / "test.csv")}
    assert {each.kind for each in result.outputs.values()} == {"metrics", "predictions", "code", "row_results"}


@dataclass
class Elsewhere(FakePython):
    """A fake that keeps what the folder it is called in holds, and what its data look like."""

    seen: list[str] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)

    def call(self, call: UserCall, *, cwd: Path) -> UserReport:
        """Looks around, then answers as the fake does."""
        self.seen = sorted(path.relative_to(cwd).as_posix() for path in cwd.rglob("*") if path.is_file())
        self.headers = [call.inputs[name].read_text().splitlines()[0] for name in call.inputs if name != "model"]
        return super().call(call, cwd=cwd)


def test_the_code_runs_with_what_its_package_will_hold(tmp_path: Path) -> None:
    """Neither labels, nor a copy of them, nor any file beside the code is near, and nothing of it is left behind."""
    python = Elsewhere(threshold_code, packages=PACKAGES)
    project = Project(tmp_path)
    settings = {"run": "fraud:predict", "slices": ["country"]}
    context = project.context("evaluate", project.trained(), pythons=FakePythons(python), settings=settings)
    (context.workspace / "src" / "copy.csv").write_text((context.workspace / "data" / "test.csv").read_text())
    assert run("evaluate", context).outcome is Outcome.PASSED
    assert python.headers == ["id,x,country"]
    assert python.seen == ["requirements.lock", "settings.toml", "src/fraud.py"]
    assert not python.calls[0].inputs["data.test"].is_relative_to(tmp_path)
    assert not python.calls[0].inputs["data.test"].exists()


@pytest.mark.parametrize("name", ["data.test", "data/test.csv"])
def test_rows_that_training_saw_are_told(tmp_path: Path, name: str) -> None:
    """A training whose inputs were left open was given the rows that it is judged on."""
    project = Project(tmp_path)
    jobs = project.trained()
    context = project.context("evaluate", jobs, settings={"run": "fraud:predict"})
    assert "seen_in_training" not in run("evaluate", context).facts
    record = replace(jobs["train"].record, inputs={name: context.datasets["test"].digest})
    result = run("evaluate", replace(context, upstream={"train": replace(jobs["train"], record=record)}))
    assert result.facts["seen_in_training"] == ["test"]
    assert "train was given data.test too and may have learned them" in result.reason


def test_a_file_that_only_the_workspace_has_is_named(tmp_path: Path) -> None:
    """What would be missing in the package is missing here already, and the reason says what to do."""
    lacking = "FileNotFoundError: [Errno 2] No such file or directory: 'data/other.bin'"
    result = evaluate(tmp_path, lambda call: UserReport(Completed(1), exception=lacking))
    assert result.outcome is Outcome.FAILED
    assert result.reason == (
        f"{lacking} (it predicts with the model and the files that `code` lists, as its package will: "
        "add data/other.bin to `code`, or make it a part of the model)"
    )


def test_tab_separated_rows_are_judged_as_others_are(tmp_path: Path) -> None:
    """What `check` reads, `evaluate` reads too."""

    def tabs(call: UserCall) -> UserReport:
        target = call.inputs["data.test"]
        assert target.read_text().splitlines()[0] == "id\tx\tcountry"
        comma = tmp_path / "comma.csv"
        comma.write_text(target.read_text().replace("\t", ","))
        return threshold_code(replace(call, inputs={**call.inputs, "data.test": comma}))

    project = Project(tmp_path)
    pythons = FakePythons(FakePython(tabs, packages=PACKAGES))
    context = project.context("evaluate", project.trained(), pythons=pythons, settings={"run": "fraud:predict"})
    test = context.datasets["test"]
    path = test.path.with_suffix(".tsv")
    path.write_text(test.path.read_text().replace(",", "\t"))
    result = run("evaluate", replace(context, datasets={"test": replace(test, path=path)}))
    assert result.measurements["f1"] == 1.0


def test_two_names_of_one_file(tmp_path: Path) -> None:
    """Each dataset is given without its own target, whatever other dataset has the same file."""
    project = Project(tmp_path)
    context = project.context("evaluate", project.trained(), settings={"run": "fraud:predict"})
    test = context.datasets["test"]
    again = replace(test, spec=replace(test.spec, name="again"))
    result = run("evaluate", replace(context, datasets={"test": test, "again": again}))
    assert (result.measurements["test.f1"], result.measurements["again.f1"]) == (1.0, 1.0)


def test_the_code_is_given_the_model_and_the_data_only(tmp_path: Path) -> None:
    """What it predicts with is what a package will have: the model, the datasets, its parameters and seed."""
    python = FakePython(threshold_code, packages=PACKAGES)
    project = Project(tmp_path)
    settings = {"run": ["python", "predict.py"], "parameters": {"batch": 4}, "seed": 3}
    context = project.context("evaluate", project.trained(), pythons=FakePythons(python), settings=settings)
    result = run("evaluate", context)
    call = python.calls[0]
    assert set(call.inputs) == {"model", "data.test"}
    assert set(call.outputs) == {"predictions.test"}
    assert (call.parameters, call.seed) == ({"batch": 4}, 3)
    assert result.facts["predict"] == {
        "run": ("python", "predict.py"),
        "parameters": {"batch": 4},
        "seed": 3,
        "format": "csv",
    }


def test_the_code_is_kept(tmp_path: Path) -> None:
    """The code that predicted goes along, with the lock file; data, hidden and compiled files do not."""
    evaluate(tmp_path)
    assert names_in(tmp_path / "now" / "evaluate" / "out" / "code.tar") == [
        "requirements.lock",
        "settings.toml",
        "src/fraud.py",
    ]


def test_the_code_is_kept_as_it_was_before_it_ran(tmp_path: Path) -> None:
    """Files that the code writes while it predicts are no part of it."""

    def writes(call: UserCall) -> UserReport:
        (tmp_path / "now" / "evaluate" / "workspace" / "src" / "late.py").write_text("x = 1\n")
        return threshold_code(call)

    evaluate(tmp_path, writes, code=["src/**", "data/**"])
    names = names_in(tmp_path / "now" / "evaluate" / "out" / "code.tar")
    assert names == ["data/other.bin", "requirements.lock", "src/fraud.py"]


def test_several_datasets(tmp_path: Path) -> None:
    """Every dataset with a target is scored; figures carry its name; the others are not for judging."""
    project = Project(tmp_path)
    context = project.context("evaluate", project.trained(), settings={"run": "fraud:predict"})
    late = Dataset("late", PurePosixPath("data/late.csv"), target="label", id="id")
    path = context.workspace / "data" / "late.csv"
    path.write_text((context.workspace / "data" / "test.csv").read_text())
    test = context.datasets["test"]
    plain = replace(test, spec=Dataset("plain", PurePosixPath("data/plain.csv")), path=path)
    more = {"test": test, "late": replace(test, spec=late, path=path), "plain": plain}
    result = run("evaluate", replace(context, datasets=more))
    assert (result.measurements["test.f1"], result.measurements["late.f1"]) == (1.0, 1.0)
    assert [case.name for case in result.cases] == ["test", "late"]


def missing_row(call: UserCall) -> UserReport:
    report = threshold_code(call)
    path = call.outputs["predictions.test"]
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    return report


def test_predictions_that_do_not_join_fail_the_job(tmp_path: Path) -> None:
    """A row without a prediction is a failure of data, and there are no metrics."""
    result = evaluate(tmp_path, missing_row)
    assert (result.outcome, result.category) == (Outcome.FAILED, Category.DATA)
    assert result.reason == "predictions/test.csv predicts 1 of 100 rows not at all, first id 'r99' (data/test.csv:101)"
    assert "metrics" not in result.outputs
    assert result.cases[0].failure == result.reason


def test_no_predictions_fail_the_job(tmp_path: Path) -> None:
    """Code that writes nothing has not predicted."""
    result = evaluate(tmp_path, lambda call: UserReport(Completed(0)))
    assert (result.outcome, result.reason) == (Outcome.FAILED, "predictions/test.csv is not there")


@pytest.mark.parametrize(
    ("report", "category", "reason"),
    [
        (UserReport(Completed(1), exception="ValueError: no such column"), Category.PROJECT, "ValueError: no such"),
        (UserReport(Completed(3, ("boom",))), Category.PROJECT, "exit code 3: boom"),
        (UserReport(Completed(-9)), Category.PROJECT, "killed by SIGKILL"),
        (UserReport(Completed(-15, seconds=9.0, timed_out=True)), Category.TIMEOUT, "time limit after 9 s"),
    ],
)
def test_code_that_fails_fails_the_job(tmp_path: Path, report: UserReport, category: Category, reason: str) -> None:
    """The reason is what the code said, the category whose failure it is."""
    result = evaluate(tmp_path, lambda call: report)
    assert (result.outcome, result.category) == (Outcome.FAILED, category)
    assert reason in result.reason


def test_a_model_that_its_own_code_changes_is_refused(tmp_path: Path) -> None:
    """What is judged is what was trained, not what predicting made of it."""

    def retrains(call: UserCall) -> UserReport:
        call.inputs["model"].write_text('{"threshold": 0.4}')
        return threshold_code(call)

    with pytest.raises(ModelError, match="changed the model while it predicted"):
        evaluate(tmp_path, retrains)


def test_without_a_model_or_a_target_there_is_nothing_to_evaluate(tmp_path: Path) -> None:
    """Both are told with what to do."""
    project = Project(tmp_path)
    with pytest.raises(ModelError, match="no job before this one made a model"):
        run("evaluate", project.context("evaluate", {}))
    context = project.context("evaluate", project.trained(), settings={"run": "fraud:predict"})
    data = context.datasets["test"]
    with pytest.raises(DataError, match="no dataset with a target"):
        run("evaluate", replace(context, datasets={"test": replace(data, spec=replace(data.spec, target=None))}))


def test_regression(tmp_path: Path) -> None:
    """Numbers have their own metrics."""

    def doubles(call: UserCall) -> UserReport:
        with call.inputs["data.test"].open(newline="") as file:
            rows = [(row["id"], 2 * float(row["x"])) for row in csv.DictReader(file)]
        text = "".join(f"{name},{value}\n" for name, value in rows)
        call.outputs["predictions.test"].write_text("id,prediction\n" + text)
        return UserReport(Completed(0))

    result = evaluate(tmp_path, doubles, task="regression")
    assert set(result.measurements) == {"mse", "mae", "rmse", "r2", "rows"}


@pytest.mark.parametrize("glob", ["../**", "/etc/*", ""])
def test_globs_that_lead_elsewhere(tmp_path: Path, glob: str) -> None:
    """Code is taken from the project only."""
    with pytest.raises(UsageError, match="is not a valid glob"):
        evaluate(tmp_path, code=[glob])


def test_links_out_of_the_workspace_are_not_code(tmp_path: Path) -> None:
    """What a link leads to outside is not packed, and a link within is packed as what it leads to."""
    project = Project(tmp_path)
    context = project.context("evaluate", project.trained(), settings={"run": "fraud:predict", "code": ["src"]})
    (tmp_path / "secret.py").write_text("key = 1\n")
    (context.workspace / "src" / "outside.py").symlink_to(tmp_path / "secret.py")
    (context.workspace / "src" / "inside.py").symlink_to("fraud.py")
    run("evaluate", context)
    assert names_in(context.out / "code.tar") == ["requirements.lock", "src/fraud.py", "src/inside.py"]
