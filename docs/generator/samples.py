"""One document of each kind, written by the kit's own code from values that say what they are."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline_kit import __version__
from pipeline_kit.contract.ports import EnvironmentRecord
from pipeline_kit.contract.result import JobRecord, Outcome, OutputRecord
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.gates.confusion import Confusion
from pipeline_kit.gates.decide import decide
from pipeline_kit.gates.evaluate import Evaluation, Scores
from pipeline_kit.gates.evidence import evidence_of, metrics_document
from pipeline_kit.gates.rules import rules_of
from pipeline_kit.gates.task import Task
from pipeline_kit.models.manifest import FileEntry, Manifest, Predict
from pipeline_kit.report.record import to_json

MODEL, DATA, LOCK, PACKAGE = (f"sha256:{digit * 64}" for digit in "1234")
COMMIT = "5" * 40
ROWS = f"sha256:{'0' * 64}"


def result() -> str:
    """A `result.json`."""
    return to_json(
        JobRecord(
            job="train",
            stage="train",
            outcome=Outcome.PASSED,
            reason="trained: loss 0.31",
            seconds=12.3,
            key=f"sha256:{'6' * 64}",
            commit=COMMIT,
            environment_digest=LOCK,
            measurements={"loss": 0.31, "steps": 200},
            inputs={"data.train": DATA, "fraud/train.py": f"sha256:{'7' * 64}"},
            outputs={"model": OutputRecord("model.json", "model", MODEL, 764)},
            facts={"seed": 7},
        )
    )


def metrics(model: str = MODEL, recall: float = 0.82, plugins: Mapping[str, str] | None = None) -> dict[str, Value]:
    """A `metrics.json`."""
    country = {"DE": Scores(40, {"recall": 0.8}, {"roc_auc": "only one class occurs"}, Confusion(("no",), ((40,),)))}
    overall = Scores(171, {"recall": recall, "roc_auc": 0.97}, {"ece": "the predictions have no probabilities"},
                     Confusion(("no", "yes"), ((100, 8), (11, 52))))  # fmt: skip
    curves: dict[str, Value] = {"roc": {"yes": [[0.0, 0.0], [0.1, 0.82], [1.0, 1.0]]}}
    evaluations = {"test": (DATA, Evaluation(overall, {"country": country}, curves, ROWS))}
    return metrics_document(model, evaluations, task=Task.BINARY, positive="yes", bins=10, plugins=plugins)


def verdict() -> dict[str, Value]:
    """A `verdict.json`, with what the stage adds to the verdict: which metrics and which baseline they were."""
    baseline = f"sha256:{'8' * 64}"
    rules = rules_of([{"metric": "recall", "min": 0.8}, {"metric": "recall", "max_drop": 0.01}])
    decided = decide(rules, evidence_of(metrics()), evidence_of(metrics(baseline, 0.81)), minimum_rows=30)
    added: dict[str, Value] = {
        "metrics": f"sha256:{'9' * 64}",
        "baseline": {"package": PACKAGE, "model": baseline, "commit": COMMIT},
    }
    return {**decided.value(), **added}


def manifest() -> str:
    """A package's `manifest.json`."""
    result = verdict()
    return Manifest(
        project="fraud",
        model="model/model.json",
        model_digest=MODEL,
        code="code",
        lock="code/requirements.lock",
        python="3.11",
        predict=Predict("fraud.predict:main", {"threshold": 0.5}, 0, "csv"),
        environment=EnvironmentRecord(LOCK, "3.11.7", "linux-x86_64", {"numpy": "2.3.5"}),
        files={"model/model.json": FileEntry(MODEL, 764)},
        parameters={"rate": 0.01},
        seed=7,
        metrics={"test": {"recall": 0.82}},
        verdict={name: result[name] for name in ("status", "sentence", "evidence", "decision")},
        data={"train": DATA},
        commit=COMMIT,
        dirty=False,
        kit=__version__,
    ).text()
