"""A run as the reports see it: eight jobs, a model with its metrics, checked data, a training's curves."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from pipeline_kit.catalog import Specs
from pipeline_kit.contract.result import Case, JobRecord, Outcome
from pipeline_kit.contract.spec import ReportSpec, Shape
from pipeline_kit.errors import Category
from pipeline_kit.report.summary import Document, Evidence, RunSummary, summarise


@dataclass(frozen=True)
class Job:
    """A planned job, as much as a report must know of it."""

    name: str
    stage: str
    needs: tuple[str, ...] = ()

    @property
    def reports(self) -> tuple[ReportSpec, ...]:
        """What the built-in stage declares."""
        return Specs()[self.stage].reports


@dataclass(frozen=True)
class Plan:
    """A plan by levels."""

    project: str
    rows: tuple[tuple[Job, ...], ...]

    def levels(self) -> tuple[tuple[Job, ...], ...]:
        return self.rows


LEVELS = (
    (Job("check", "check"), Job("build", "build")),
    (Job("prepare", "prepare", ("check",)), Job("test", "test", ("build",))),
    (Job("train", "train", ("prepare", "build")),),
    (Job("evaluate", "evaluate", ("train",)),),
    (Job("gate", "gate", ("evaluate", "test")),),
    (Job("package", "package", ("gate",)),),
)
REASONS = {
    "check": "46 checks of 2 datasets held",
    "build": "Python 3.11.7, 9 distributions as locked, tumour-0.1-py3-none-any.whl",
    "prepare": "train: 398 rows, 31 columns; test: 171 rows, 31 columns",
    "test": "31 tests passed, coverage 94.2%",
    "train": "trained: loss 0.07124, accuracy 0.9849",
    "evaluate": "1 dataset, 8 metrics",
    "gate": "PASS: f1 0.981 is at least 0.95, and within 0.01 of the baseline's 0.979.",
    "package": "package.tar, 9 files",
}
METRICS: dict[str, Any] = {
    "version": 1,
    "task": "binary",
    "datasets": {
        "test": {
            "rows": 171,
            "metrics": {"accuracy": 0.9766, "precision": 0.9811, "recall": 0.9811, "f1": 0.9811, "roc_auc": 0.9968},
            "undefined": {"ece": "the predictions have no probabilities"},
            "confusion": {"labels": ["benign", "malignant"], "matrix": [[105, 2], [2, 62]]},
            "slices": {
                "size": {
                    "large": {"rows": 70, "metrics": {"accuracy": 0.971, "f1": 0.975}, "undefined": {}},
                    "small": {"rows": 101, "metrics": {"accuracy": 0.98}, "undefined": {"f1": "0/0"}},
                }
            },
            "curves": {
                "roc": {"malignant": [[0, 0], [0, 0.7], [0.01, 0.92], [0.05, 0.98], [0.3, 1], [1, 1]]},
                "calibration": [
                    {"lower": 0.0, "upper": 0.1, "rows": 100, "said": 0.02, "held": 0.01},
                    {"lower": 0.1, "upper": 0.2, "rows": 0, "said": None, "held": None},
                    {"lower": 0.5, "upper": 0.6, "rows": 9, "said": 0.54, "held": 0.44},
                    {"lower": 0.9, "upper": 1.0, "rows": 62, "said": 0.98, "held": 1.0},
                ],
            },
        }
    },
}
VERDICT: dict[str, Any] = {
    "version": 1,
    "status": "PASS",
    "passes": True,
    "sentence": REASONS["gate"],
    "evidence": "sha256:aa",
    "model": "sha256:bb",
    "decision": None,
    "rules": [
        {
            "rule": {"metric": "f1", "min": 0.95},
            "status": "PASS",
            "text": "f1 0.9811 is at least 0.95",
            "dataset": "test",
            "slice_value": None,
            "candidate": 0.9811,
            "baseline": None,
            "waived": False,
        },
        {
            "rule": {"metric": "f1", "max_drop": 0.01},
            "status": "PASS",
            "text": "f1 0.9811 is within 0.01 of the baseline's 0.979",
            "dataset": "test",
            "slice_value": None,
            "candidate": 0.9811,
            "baseline": 0.979,
            "waived": False,
        },
    ],
}
CHECKS: dict[str, Any] = {
    "version": 1,
    "datasets": {
        "train": {"path": "train.csv", "digest": "sha256:" + "1" * 64, "rows": 398, "columns": {"a": {}, "b": {}}},
        "notes": {"path": "notes.bin", "digest": "sha256:" + "2" * 64, "note": "the kit reads no rows from .bin files"},
    },
    "checks": [{"dataset": "train", "check": "enough rows", "status": "passed", "found": ""}],
}
CURVES: dict[str, Any] = {
    "version": 1,
    "columns": ["epoch", "loss", "accuracy"],
    "rows": [
        {"epoch": float(step), "loss": 0.7 * math.exp(-step / 12), "accuracy": 1 - 0.4 * math.exp(-step / 8)}
        for step in range(1, 41)
    ],
}


def left(*cases: Case, **contents: Any) -> Evidence:
    """What a job left: a document of each shape that is named, and its cases."""
    names = {"curves": "training"}
    specs = {shape: ReportSpec(names.get(shape, shape), shape, Shape(shape)) for shape in contents}
    return Evidence(tuple(Document(specs[shape], content) for shape, content in contents.items()), cases)


@dataclass(frozen=True)
class Run:
    """The pieces of a run; a test changes some and asks for the summary."""

    plan: Plan
    records: Mapping[str, JobRecord]
    evidence: Mapping[str, Evidence]

    def summary(self) -> RunSummary:
        return summarise(self.plan, self.records, self.evidence)

    def broken(self, job: str, reason: str, *, outcome: Outcome = Outcome.FAILED, **fields: Any) -> Run:
        """The run with one job failed and everything after it skipped."""
        names = list(self.records)
        records = dict(self.records)
        category = Category.PROJECT if outcome is Outcome.FAILED else None
        records[job] = replace(records[job], outcome=outcome, reason=reason, **{"category": category, **fields})
        for later in names[names.index(job) + 1 :]:
            records[later] = replace(
                records[later], outcome=Outcome.SKIPPED, reason=f"{job} {outcome.value}", seconds=0
            )
        evidence = {name: each for name, each in self.evidence.items() if names.index(name) < names.index(job)}
        return Run(self.plan, records, evidence)

    def with_cases(self, job: str, *cases: Case) -> Run:
        return Run(self.plan, self.records, {**self.evidence, job: left(*cases)})


def make_run() -> Run:
    jobs = [job for level in LEVELS for job in level]
    records = {
        job.name: JobRecord(
            job.name, job.stage, Outcome.PASSED, REASONS[job.name], seconds=0.8 + 3.1 * number, commit="c0ffee" * 6
        )
        for number, job in enumerate(jobs)
    }
    evidence = {
        "check": left(checks=CHECKS),
        "train": left(curves=CURVES),
        "evaluate": left(metrics=METRICS),
        "gate": left(verdict=VERDICT),
    }
    return Run(Plan("tumour", LEVELS), records, evidence)


@pytest.fixture
def run() -> Run:
    """A run that passed."""
    return make_run()


@pytest.fixture
def rename() -> Callable[[Run, str, str], Run]:
    """Gives a job another name everywhere."""

    def renamed(run: Run, old: str, new: str) -> Run:
        levels = tuple(
            tuple(
                replace(
                    job,
                    name=new if job.name == old else job.name,
                    needs=tuple(new if need == old else need for need in job.needs),
                )
                for job in level
            )
            for level in run.plan.rows
        )
        records = {
            (new if name == old else name): (replace(record, job=new) if name == old else record)
            for name, record in run.records.items()
        }
        return Run(replace(run.plan, rows=levels), records, run.evidence)

    return renamed
