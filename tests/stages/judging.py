"""A small project whose model is a threshold: what the tests of evaluate, gate and package judge."""

from __future__ import annotations

import csv
import json
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from pipeline_kit.catalog import Specs
from pipeline_kit.contract.context import StageContext, Upstream
from pipeline_kit.contract.ports import Completed, UserCall, UserReport
from pipeline_kit.contract.result import StageResult
from pipeline_kit.descriptor.model import Dataset
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.testing.context import FakePython, FakePythons, stage_context, upstream

Code = Callable[[UserCall], UserReport]
PACKAGES = {"numpy": "2.0", "pip": "24.0"}
DATASETS = {"test": Dataset("test", PurePosixPath("data/test.csv"), target="label", id="id")}
RULES: list[Value] = [{"metric": "f1", "min": 0.8}, {"metric": "f1", "max_drop": 0.05}]


def defaults(stage: str) -> dict[str, Value]:
    """A stage's settings where the descriptor names none."""
    return {each.name: each.default for each in Specs()[stage].parameters}


def run(stage: str, context: StageContext) -> StageResult:
    return Specs().load_run(stage)(context)


def write_project(workspace: Path, rows: int = 100) -> None:
    """A dataset of `rows` rows, positive from x = 0.5 on, code, a lock file, and what is no code."""
    files = {
        "src/fraud.py": "def predict(job): ...\n",
        "settings.toml": "a = 1\n",
        "requirements.lock": "numpy==2.0\n",
        ".env": "TOKEN=secret\n",
        "src/__pycache__/fraud.py": "",
        "data/other.bin": "",
    }
    for name, text in files.items():
        (workspace / name).parent.mkdir(parents=True, exist_ok=True)
        (workspace / name).write_text(text)
    with (workspace / "data" / "test.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "x", "country", "label"])
        for row in range(rows):
            writer.writerow([f"r{row}", row / rows, ("DE", "FR")[row % 2], int(row >= rows / 2)])


def threshold_code(call: UserCall) -> UserReport:
    """Code that predicts with the model's threshold; it would take the label if it were shown one."""
    threshold = json.loads(call.inputs["model"].read_text())["threshold"]
    for name, target in call.outputs.items():
        with call.inputs[name.replace("predictions.", "data.")].open(newline="") as file:
            rows = list(csv.DictReader(file))
        with target.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "prediction", "probability"])
            for row in rows:
                x = float(row["x"])
                says = row.get("label") or str(int(x >= threshold))
                writer.writerow([row["id"], says, round(0.05 + 0.9 * x, 6)])
    return UserReport(Completed(0))


@dataclass
class Project:
    """A folder in which a model is made, evaluated, judged and packed, each step by its own stage."""

    folder: Path
    threshold: float = 0.5
    name: str = "now"
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def context(self, stage: str, jobs: Mapping[str, Upstream], **more: Any) -> StageContext:
        folder = self.folder / self.name / stage
        (folder / "workspace").mkdir(parents=True, exist_ok=True)
        write_project(folder / "workspace")
        settings = {**defaults(stage), **self.settings.get(stage, {}), **more.pop("settings", {})}
        pythons = more.pop("pythons", None) or FakePythons(FakePython(threshold_code, packages=PACKAGES))
        made = stage_context(
            folder, job=stage, settings=settings, datasets=DATASETS, upstream=jobs, pythons=pythons, **more
        )
        return replace(made, project=replace(made.project, name="fraud"))

    def trained(self) -> dict[str, Upstream]:
        """The job that made the model."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / self.name / "model.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"threshold": self.threshold}))
        facts: dict[str, Value] = {"parameters": {"rate": 0.1}, "seed": 7}
        made = upstream(self.folder / self.name / "up", "train", "train", {"model": ("model", path)}, facts=facts)
        record = replace(made.record, inputs={"data.train": "sha256:" + "7" * 64})
        return {"train": replace(made, record=record)}

    def evaluated(self, **more: Any) -> dict[str, Upstream]:
        """The jobs up to the evaluation."""
        jobs = self.trained()
        context = self.context("evaluate", jobs, settings={"run": "fraud:predict", "slices": ["country"]}, **more)
        return {**jobs, "evaluate": self.finished("evaluate", context, run("evaluate", context))}

    def judged(self, **more: Any) -> dict[str, Upstream]:
        """The jobs up to the gate, which has one absolute rule."""
        jobs = self.evaluated()
        context = self.context("gate", jobs, **{"settings": {"rules": [{"metric": "f1", "min": 0.5}]}, **more})
        return {**jobs, "gate": self.finished("gate", context, run("gate", context))}

    def packed(self) -> Path:
        """The package."""
        context = self.context("package", self.judged())
        result = run("package", context)
        assert result.outputs, result.reason
        return context.out / "package.tar"

    def finished(self, job: str, context: StageContext, result: StageResult) -> Upstream:
        """The stage's result as later jobs are handed it."""
        files = {name: (each.kind, context.out / each.path) for name, each in result.outputs.items()}
        made = upstream(self.folder / self.name / "up", job, job, files, facts=result.facts)
        digests = {f"data.{name}": data.digest for name, data in context.datasets.items()}
        return replace(made, record=replace(made.record, outcome=result.outcome, inputs=digests))


def names_in(path: Path) -> list[str]:
    """The members of an archive."""
    with tarfile.open(path) as tar:
        return tar.getnames()
