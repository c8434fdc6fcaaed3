"""The evaluation: predictions by the project's code, scores by the kit."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pipeline_kit.contract.context import DataInput, StageContext
from pipeline_kit.contract.digest import digest_file
from pipeline_kit.contract.ports import ProjectPython
from pipeline_kit.contract.result import Case, JobRecord, Outcome, StageResult
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.errors import Category, DataError, ModelError
from pipeline_kit.gates.evaluate import Evaluation
from pipeline_kit.gates.evidence import metrics_document
from pipeline_kit.gates.predictions import Truth
from pipeline_kit.gates.row_results import file_name
from pipeline_kit.models.archive import unpack_archive, write_archive
from pipeline_kit.models.manifest import Predict
from pipeline_kit.models.predict import Evaluator, PredictionError, predict, without_labels

from .code import code_files
from .settings import settings_of

CODE = "code.tar"
ROWS = "row_results"
MOST_NAMED = 3
NOT_FOUND = ("FileNotFoundError", "No such file", "ModuleNotFoundError", "no module")


@dataclass(frozen=True, slots=True)
class _Scored:
    """What came out for a dataset: its scores, or what is wrong with its rows or its predictions."""

    evaluation: Evaluation | None = None
    error: DataError | None = None


def run(context: StageContext) -> StageResult:
    """Passed when the code predicted every row of every dataset with a target; how well is the gate's question.

    Raises ModelError where no job before made a model, DataError where no dataset has a target or one is damaged.
    """
    artifact = context.nearest("model")
    if artifact is None:
        raise ModelError("no job before this one made a model", hint="let it need a job with an output named model")
    job, output, model = artifact
    digest = context.upstream[job].record.outputs[output].digest
    datasets = {data.spec.name: data for data in context.datasets.values() if data.spec.target}
    if not datasets:
        hint = "name one in `inputs`, such as data.test, and give it a `target` under `data`"
        raise DataError("no dataset with a target is among the job's inputs", hint=hint)
    settings = settings_of(context.settings, context.plugins)
    evaluator, how = settings.evaluator, settings.predict
    truths = {name: evaluator.truth(data) for name, data in datasets.items()}
    code = _keep_code(context, settings.code)
    python = context.python()
    try:
        files = _predict(context, python, _Asked(how, model, digest), datasets)
    except PredictionError as error:
        return StageResult(Outcome.FAILED, error.message + _left_out(context, code, error.message), error.category)
    rows = context.place(ROWS, ROWS)
    scored = {name: _score(evaluator, truths[name], files[name], rows / file_name(name)) for name in datasets}
    result = _result(context, python, evaluator, _Made(digest, how, datasets, files), scored)
    return _with_training_datasets(result, context.upstream[job].record, datasets)


def _with_training_datasets(result: StageResult, maker: JobRecord, datasets: Mapping[str, DataInput]) -> StageResult:
    """The result that also says which datasets the job that made the model was given: it may have learned from them."""
    known = [
        name
        for name, data in datasets.items()
        if data.digest in (maker.inputs.get(f"data.{name}"), maker.inputs.get(data.spec.path.as_posix()))
    ]
    if not known:
        return result
    job, listed = maker.job, ", ".join(f"data.{name}" for name in known)
    reason = f"{result.reason}; {job} was given {listed} too and may have learned them: take it out of {job}'s inputs"
    facts = {**result.facts, "seen_in_training": list(known)}
    return replace(result, reason=reason, facts=facts)


def _predict(
    context: StageContext, python: ProjectPython, asked: _Asked, datasets: Mapping[str, DataInput]
) -> dict[str, Path]:
    """The files of predictions, by the code that was kept and nothing else of the project.

    It runs apart from the workspace, in a folder that holds what a package of it will hold: what predicts here
    predicts there, and a path as the project writes it (data/test.csv) leads to no labels.
    """
    with tempfile.TemporaryDirectory(prefix="pipeline-kit-evaluate-") as name:
        folder = Path(name).resolve()
        unpack_archive(context.place("code", CODE), folder / "code")
        hidden = {
            name: without_labels(data, folder / "data" / name / data.path.name) for name, data in datasets.items()
        }
        return predict(
            python,
            asked.how,
            model=asked.model,
            model_digest=asked.digest,
            datasets=hidden,
            predictions=context.place("predictions", "predictions"),
            cwd=folder / "code",
        )


@dataclass(frozen=True, slots=True)
class _Asked:
    """Which model predicts and how; `digest` is what its maker reported and the runner has verified."""

    how: Predict
    model: Path
    digest: str


@dataclass(frozen=True, slots=True)
class _Made:
    """What the predictions came from and where they are."""

    model: str
    how: Predict
    datasets: Mapping[str, DataInput]
    files: Mapping[str, Path]


def _left_out(context: StageContext, code: Collection[str], said: str) -> str:
    """What to do where the code misses a file that the workspace has and `code` does not list; else nothing."""
    if not any(sign in said for sign in NOT_FOUND):
        return ""
    given = {data.path for data in context.datasets.values()}
    there = (path for path in context.workspace.rglob("*") if path.is_file() and path not in given)
    names = (path.relative_to(context.workspace).as_posix() for path in there if path.name in said)
    other = sorted(name for name in names if name not in code)
    hint = f": add {other[0]} to `code`, or make it a part of the model" if other else ""
    return f" (it predicts with the model and the files that `code` lists, as its package will{hint})"


def _keep_code(context: StageContext, globs: Sequence[str]) -> Collection[str]:
    """Packs the code and returns its files' names."""
    files = code_files(
        context.workspace,
        globs,
        lock=Path(context.project.lock),
        data=[dataset.path for dataset in context.datasets.values()],
    )
    if not files[context.project.lock.as_posix()].is_file():
        raise ModelError(
            f"the lock file {context.project.lock} is missing",
            hint="make one: without it no later gate can run this model again",
        )
    write_archive(context.place("code", CODE), files)
    return files.keys()


def _score(evaluator: Evaluator, truth: Truth, path: Path, row_results: Path) -> _Scored:
    try:
        return _Scored(evaluator.evaluate(truth, path, f"predictions/{path.name}", row_results))
    except DataError as error:
        return _Scored(error=error)


def _result(
    context: StageContext, python: ProjectPython, evaluator: Evaluator, made: _Made, scored: Mapping[str, _Scored]
) -> StageResult:
    cases = tuple(_case(name, item) for name, item in scored.items())
    outputs = {
        "predictions": context.left("predictions", context.place("predictions", "predictions")),
        "code": context.left("code", context.place("code", CODE)),
    }
    wrong = next((item.error for item in scored.values() if item.error), None)
    if wrong is not None:
        return StageResult(Outcome.FAILED, wrong.message, Category.DATA, outputs=outputs, cases=cases)
    good = {name: item.evaluation for name, item in scored.items() if item.evaluation}
    document = metrics_document(
        made.model,
        {name: (made.datasets[name].digest, evaluation) for name, evaluation in good.items()},
        task=evaluator.task,
        positive=evaluator.positive,
        bins=evaluator.bins,
        plugins=evaluator.plugins.versions(),
    )
    written = json.dumps(document, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
    target = context.place("metrics", "metrics.json")
    target.write_text(written + "\n", encoding="utf-8")
    facts: dict[str, Value] = {
        "model": made.model,
        "datasets": {name: data.digest for name, data in made.datasets.items()},
        "predictions": {name: digest_file(path) for name, path in made.files.items()},
        "code": digest_file(context.place("code", CODE)),
        "predict": asdict(made.how),
        "environment": asdict(python.record()),
        "undefined": {name: dict(evaluation.overall.undefined) for name, evaluation in good.items()},
    }
    return StageResult(
        Outcome.PASSED,
        "; ".join(_said(name, evaluation) for name, evaluation in good.items()),
        measurements=_measurements(good),
        outputs={
            "metrics": context.left("metrics", target),
            **outputs,
            ROWS: context.left(ROWS, context.place(ROWS, ROWS)),
        },
        cases=cases,
        facts=facts,
    )


def _case(name: str, scored: _Scored) -> Case:
    if scored.error:
        return Case(name, "evaluate", failure=scored.error.message, detail=scored.error.hint or "")
    return Case(name, "evaluate", detail=_said(name, scored.evaluation) if scored.evaluation else "")


def _said(name: str, evaluation: Evaluation) -> str:
    """One dataset as text: `test: accuracy 0.9708, precision 0.9717, recall 0.9810 on 171 rows`."""
    scores = evaluation.overall
    figures = [f"{metric} {value:.4g}" for metric, value in list(scores.metrics.items())[:MOST_NAMED]]
    undefined = f", undefined: {', '.join(scores.undefined)}" if scores.undefined else ""
    return f"{name}: {', '.join(figures)} on {scores.rows} rows{undefined}"


def _measurements(evaluations: Mapping[str, Evaluation]) -> dict[str, float | int | str | bool]:
    """Flat figures: `accuracy` of the only dataset, `test.accuracy` where there are several."""
    result: dict[str, float | int | str | bool] = {}
    for name, evaluation in evaluations.items():
        prefix = f"{name}." if len(evaluations) > 1 else ""
        result[f"{prefix}rows"] = evaluation.overall.rows
        result.update({f"{prefix}{metric}": value for metric, value in evaluation.overall.metrics.items()})
    return result
