"""A model's predictions, by its own code in its own environment, and what they are worth.

The candidate and its baseline go through these same steps: the truth is read, the labels are taken out of what
the code is given, the code predicts, and one evaluator scores both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline_kit.contract.call_inputs import user_failure
from pipeline_kit.contract.context import DataInput
from pipeline_kit.contract.digest import digest_tree
from pipeline_kit.contract.ports import ProjectPython, UserCall
from pipeline_kit.errors import Category, DataError, ModelError, ProjectError
from pipeline_kit.extensions import NO_PLUGINS, Plugins
from pipeline_kit.gates.evaluate import Evaluation, score
from pipeline_kit.gates.labels import write_without
from pipeline_kit.gates.predictions import Truth, read_predictions, read_truth
from pipeline_kit.gates.row_results import write_row_results
from pipeline_kit.gates.task import Task
from pipeline_kit.models.manifest import Predict


class PredictionError(ProjectError):
    """The model's code did not predict; the category says whether it failed, was stopped or ran out of time."""

    def __init__(self, message: str, category: Category) -> None:
        super().__init__(message)
        self.category = category


@dataclass(frozen=True, slots=True)
class Evaluator:
    """How predictions are scored: the task, the positive class of two, the calibration bins, columns to slice by.

    The metrics are the kit's, and those of the plugins.
    """

    task: Task
    positive: str = "1"
    bins: int = 10
    slices: Sequence[str] = ()
    plugins: Plugins = NO_PLUGINS

    def truth(self, data: DataInput) -> Truth:
        """The truth in a dataset. Raises DataError where it has no target or is damaged."""
        if data.spec.target is None:
            raise DataError(f"data.{data.spec.name} has no target", hint="name the column to predict as its `target`")
        label = data.spec.path.as_posix()
        return read_truth(data.path, label, target=data.spec.target, id_column=data.spec.id, slices=self.slices)

    def evaluate(self, truth: Truth, predictions: Path, label: str, row_results: Path | None = None) -> Evaluation:
        """The scores of a file of predictions; each row's result is written to `row_results` where that is given.

        Raises DataError at the first row that is unsound.
        """
        predicted = read_predictions(predictions, label, truth, self.task, self.positive)
        evaluation = score(
            *(truth, predicted), task=self.task, positive=self.positive, bins=self.bins, plugins=self.plugins
        )
        if row_results is None:
            return evaluation
        return replace(evaluation, row_results=write_row_results(row_results, truth, predicted))


def without_labels(data: DataInput, target: Path) -> Path:
    """Writes the dataset to `target` without the column to predict, and returns that path; it may be its own."""
    if data.spec.target is not None:
        write_without(data.path, target, data.spec.target, data.spec.path.as_posix())
    return target


def predict(
    python: ProjectPython,
    how: Predict,
    *,
    model: Path,
    model_digest: str,
    datasets: Mapping[str, Path],
    predictions: Path,
    cwd: Path,
) -> dict[str, Path]:
    """Calls the model's code; the file of predictions of each dataset, which the code has or has not written.

    The code is given the model and the datasets, and nothing else: what a model needs to predict is part of it.
    `model_digest` is what the model was verified to be: it is verified again after the code has run.
    Raises PredictionError where the code fails, ModelError where it changes the model.
    """
    files = {name: predictions / f"{name}.{how.format}" for name in datasets}
    predictions.mkdir(parents=True, exist_ok=True)
    for path in files.values():
        path.unlink(missing_ok=True)
    call = UserCall(
        entry=how.run,
        parameters=how.parameters,
        seed=how.seed,
        inputs={"model": model, **{f"data.{name}": path for name, path in datasets.items()}},
        outputs={f"predictions.{name}": path for name, path in files.items()},
        name="evaluate",
    )
    failed = user_failure(python.call(call, cwd=cwd))
    if failed is not None:
        raise PredictionError(failed.reason, failed.category or Category.PROJECT)
    if digest_tree(model) != model_digest:
        raise ModelError("the project's code changed the model while it predicted", hint="let it only read the model")
    return files
