"""The evaluation's settings, parsed once."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline_kit.contract.context import StageContext
from pipeline_kit.contract.settings import command, mapping, text, texts, whole
from pipeline_kit.gates.task import Task
from pipeline_kit.models.manifest import Predict
from pipeline_kit.models.predict import Evaluator


@dataclass(frozen=True, slots=True)
class EvaluateSettings:
    """How the project's code predicts, how that is scored, and the globs of the files that it predicts with."""

    predict: Predict
    evaluator: Evaluator
    code: tuple[str, ...]


def settings_of(context: StageContext) -> EvaluateSettings:
    """The settings of this job."""
    settings = context.settings
    form = text(settings, "format") or "csv"
    predict = Predict(command(settings, "run"), mapping(settings, "parameters"), whole(settings, "seed"), form)
    evaluator = Evaluator(
        task=Task(text(settings, "task") or Task.BINARY.value),
        positive=text(settings, "positive") or "1",
        bins=whole(settings, "bins") or 10,
        slices=texts(settings, "slices"),
        plugins=context.plugins,
    )
    return EvaluateSettings(predict, evaluator, texts(settings, "code"))
