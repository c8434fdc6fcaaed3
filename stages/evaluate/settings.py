"""The settings of a job that evaluates."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline_kit.contract.settings import call, text, texts, whole
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.extensions import Plugins
from pipeline_kit.frozen import frozen
from pipeline_kit.gates.task import Task
from pipeline_kit.models.manifest import Predict
from pipeline_kit.models.predict import Evaluator


@frozen
class Settings:
    """How the project's code predicts, how that is scored, and the globs of the files that it predicts with."""

    predict: Predict
    evaluator: Evaluator
    code: tuple[str, ...]


def settings_of(given: Mapping[str, Value], plugins: Plugins) -> Settings:
    """The job's settings, parsed; metrics may be of plugins."""
    called = call(given)
    evaluator = Evaluator(
        task=Task(text(given, "task") or Task.BINARY.value),
        positive=text(given, "positive") or "1",
        bins=whole(given, "bins") or 10,
        slices=texts(given, "slices"),
        plugins=plugins,
    )
    predict = Predict(called.run, called.parameters, called.seed, text(given, "format") or "csv")
    return Settings(predict, evaluator, texts(given, "code"))
