"""The evaluation's settings, parsed once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline_kit.contract.settings import command, mapping, text, texts, whole
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.extensions import Plugins
from pipeline_kit.gates.task import Task
from pipeline_kit.models.manifest import Predict
from pipeline_kit.models.predict import Evaluator


@dataclass(frozen=True, slots=True)
class Settings:
    """How the project's code predicts, how that is scored, and the globs of the files that it predicts with."""

    predict: Predict
    evaluator: Evaluator
    code: tuple[str, ...]


def settings_of(given: Mapping[str, Value], plugins: Plugins) -> Settings:
    """The settings as one value."""
    form = text(given, "format") or "csv"
    predict = Predict(command(given, "run"), mapping(given, "parameters"), whole(given, "seed"), form)
    evaluator = Evaluator(
        task=Task(text(given, "task") or Task.BINARY.value),
        positive=text(given, "positive") or "1",
        bins=whole(given, "bins") or 10,
        slices=texts(given, "slices"),
        plugins=plugins,
    )
    return Settings(predict, evaluator, texts(given, "code"))
