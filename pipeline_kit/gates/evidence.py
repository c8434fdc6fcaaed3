"""What a verdict is decided from: the document of metrics (`metrics.json`, version 1), written and read.

Reading checks the shape and leaves the numbers unchanged: `decide` checks each of them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.errors import DataError
from pipeline_kit.gates.evaluate import Evaluation, Scores
from pipeline_kit.gates.task import Task

VERSION = 1


@dataclass(frozen=True, slots=True)
class Figures:
    """The metrics of some rows as they were reported; `metrics` and `rows` may hold anything."""

    rows: object
    metrics: Mapping[str, object] = field(default_factory=dict)
    undefined: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DatasetEvidence:
    """A dataset's figures: overall and by slice, and the digest of the rows they are of.

    `row_results` is the digest of the file that has each row's result, where there is one.
    """

    digest: str
    overall: Figures
    slices: Mapping[str, Mapping[str, Figures]] = field(default_factory=dict)
    row_results: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """One model's figures on named datasets, and how they were made; `plugins` are packages and their versions."""

    model: str
    datasets: Mapping[str, DatasetEvidence]
    task: Task = Task.BINARY
    positive: str = "1"
    bins: int = 10
    plugins: Mapping[str, str] = field(default_factory=dict)

    def way(self) -> tuple[object, ...]:
        """How the figures were computed; those of two models are comparable only where it is the same."""
        return self.task, self.positive, self.bins, dict(self.plugins)

    def value(self) -> Value:
        """What every rule is judged by, as JSON that has a digest, whatever the numbers are."""
        datasets = {
            name: {
                "digest": dataset.digest,
                "overall": _figures_value(dataset.overall),
                "slices": {
                    column: {value: _figures_value(figures) for value, figures in values.items()}
                    for column, values in dataset.slices.items()
                },
            }
            for name, dataset in self.datasets.items()
        }
        return {
            "model": self.model,
            "task": self.task.value,
            "positive": self.positive,
            "bins": self.bins,
            "datasets": datasets,
            **({"plugins": dict(self.plugins)} if self.plugins else {}),
        }


def metrics_document(
    model: str,
    evaluations: Mapping[str, tuple[str, Evaluation]],
    *,
    task: Task,
    positive: str,
    bins: int,
    plugins: Mapping[str, str] | None = None,
) -> dict[str, Value]:
    """The document of a model's evaluations: by dataset the digest of its file, and its evaluation.

    `plugins` are the packages that may have metrics in it, and their versions.
    """
    datasets: dict[str, Value] = {}
    for name, (digest, evaluation) in evaluations.items():
        slices: Value = {
            column: {value: _scores_value(scores) for value, scores in values.items()}
            for column, values in evaluation.slices.items()
        }
        overall = _scores_value(evaluation.overall)
        entry: dict[str, Value] = {"digest": digest, **overall, "slices": slices, "curves": evaluation.curves}
        datasets[name] = entry if evaluation.row_results is None else {**entry, "row_results": evaluation.row_results}
    return {
        "version": VERSION,
        "model": model,
        "task": task.value,
        "positive": positive,
        "bins": bins,
        "datasets": datasets,
        **({"plugins": dict(plugins)} if plugins else {}),
    }


def read_metrics(text: str, label: str) -> Evidence:
    """The evidence in a metrics document. Raises DataError if the text is not one."""
    try:
        document = json.loads(text, object_pairs_hook=_no_doubles)
        return evidence_of(document)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        message = f"{label} is not a metrics document of version {VERSION}: {_said(error)}"
        raise DataError(message, hint="run the evaluation again") from error


def evidence_of(document: Mapping[str, object]) -> Evidence:
    """The evidence in a metrics document that is parsed. Raises ValueError or KeyError on another shape."""
    if _mapping(document, "it").get("version") != VERSION or isinstance(document["version"], bool):
        raise ValueError(f"its version is {document.get('version')!r}")
    bins = document["bins"]
    if not isinstance(bins, int) or isinstance(bins, bool) or bins < 1:
        raise ValueError("bins is not a whole number from 1")
    datasets = {}
    for name, item in _mapping(document["datasets"], "datasets").items():
        entry = _mapping(item, f"dataset {name}")
        slices = {
            column: {value: _figures(figures) for value, figures in _mapping(values, f"slice {column}").items()}
            for column, values in _mapping(entry["slices"], "slices").items()
        }
        rows = _text(entry["row_results"], "row_results") if "row_results" in entry else None
        datasets[name] = DatasetEvidence(_text(entry["digest"], "digest"), _figures(entry), slices, rows)
    model, positive = _text(document["model"], "model"), _text(document["positive"], "positive")
    listed = _mapping(document.get("plugins", {}), "plugins")
    plugins = {package: _text(version, f"plugins.{package}") for package, version in listed.items()}
    return Evidence(model, datasets, Task(document["task"]), positive, bins, plugins)


def _scores_value(scores: Scores) -> dict[str, Value]:
    value: dict[str, Value] = {
        "rows": scores.rows,
        "metrics": dict(scores.metrics),
        "undefined": dict(scores.undefined),
    }
    if scores.confusion is not None:
        matrix: Value = [list(row) for row in scores.confusion.matrix]
        value["confusion"] = {"labels": list(scores.confusion.labels), "matrix": matrix}
    return value


def _figures(value: object) -> Figures:
    entry = _mapping(value, "figures")
    return Figures(entry["rows"], _mapping(entry["metrics"], "metrics"), _mapping(entry["undefined"], "undefined"))


def _figures_value(figures: Figures) -> Value:
    return {
        "rows": plain(figures.rows),
        "metrics": {name: plain(value) for name, value in figures.metrics.items()},
        "undefined": {name: plain(value) for name, value in figures.undefined.items()},
    }


def plain(value: object) -> Value:
    """A scalar as JSON that has a digest: what JSON has no word for becomes an object that shows it."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    return {"not a number": repr(value)}


def _mapping(value: object, what: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise ValueError(f"{what} is not an object")
    return value


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{what} is not text")
    return value


def _no_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("an object has a name twice")
    return document


def _said(error: Exception) -> str:
    return f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)
