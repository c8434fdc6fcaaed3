"""The gate: a baseline scored again, a verdict written, and no fault of evidence that passes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from pipeline_kit.catalog import Specs
from pipeline_kit.contract.context import StageContext, Upstream
from pipeline_kit.contract.ports import Completed, UserCall, UserReport
from pipeline_kit.contract.result import Outcome, StageResult
from pipeline_kit.errors import Category, DataError, InfrastructureError, KitError, ModelError, ProjectError
from pipeline_kit.gates.metrics import METRICS
from pipeline_kit.models.archive import open_archive, write_archive
from pipeline_kit.testing.context import FakePython, FakePythons, MemoryStore
from tests.stages.judging import PACKAGES, RULES, Project, run, threshold_code

BASELINE = {"from": "baseline/production.tar", "first": None}


@dataclass
class Gate:
    """A gate about to run: a candidate that was evaluated, and the package of a baseline in its workspace."""

    context: StageContext
    jobs: dict[str, Upstream]

    @property
    def package(self) -> Path:
        return self.context.workspace / "baseline" / "production.tar"

    @property
    def metrics(self) -> Path:
        return self.jobs["evaluate"].files["metrics"]

    def settings(self, **changes: Any) -> None:
        self.context = replace(self.context, settings={**self.context.settings, **changes})

    def python(self, code: Callable[[UserCall], UserReport], packages: dict[str, str] = PACKAGES) -> None:
        self.context = replace(self.context, pythons=FakePythons(FakePython(code, packages=packages)))

    def edit_metrics(self, change: Callable[[dict[str, Any]], Any]) -> None:
        document = json.loads(self.metrics.read_text())
        change(document)
        self.metrics.write_text(json.dumps(document))

    def tamper(self, name: str, content: bytes) -> None:
        with open_archive(self.package) as archive:
            members: dict[str, Path | bytes] = {each: archive.read(each, largest=1 << 20) for each in archive.sizes}
        write_archive(self.package, {**members, name: content})

    def run(self) -> StageResult:
        return run("gate", self.context)


def make_gate(folder: Path, *, candidate: float = 0.5, baseline: float | None = 0.52, **settings: Any) -> Gate:
    """A gate of a candidate against a baseline, by their models' thresholds; the best is 0.5."""
    project = Project(folder, candidate)
    jobs = project.evaluated()
    context = project.context("gate", jobs, settings={"rules": RULES, "baseline": BASELINE, **settings})
    gate = Gate(context, jobs)
    if baseline is not None:
        packed = Project(folder, baseline, name="before").packed()
        gate.package.parent.mkdir()
        gate.package.write_bytes(packed.read_bytes())
    return gate


def test_a_better_model_passes(tmp_path: Path) -> None:
    """The baseline predicts today's rows by its own code, and one sentence tells both figures."""
    gate = make_gate(tmp_path)
    result = gate.run()
    assert result.outcome is Outcome.PASSED
    assert result.reason == "PASS: f1 1 is at least 0.8, and within 0.05 of the baseline's 0.9796."
    assert result.measurements == {"verdict": "PASS", "f1": 1.0, "baseline.f1": pytest.approx(0.97959, abs=1e-5)}
    assert [case.failure for case in result.cases] == [None, None]
    verdict = json.loads((gate.context.out / "verdict.json").read_text())
    assert verdict["baseline"]["model"] != verdict["model"] == result.facts["model"]
    assert verdict["evidence"] == result.facts["evidence"]
    scored = json.loads((gate.context.out / "baseline.json").read_text())
    assert scored["datasets"]["test"]["rows"] == 100
    assert set(scored["datasets"]["test"]["slices"]["country"]) == {"DE", "FR"}


def test_the_baseline_runs_from_its_package_alone(tmp_path: Path) -> None:
    """It has its own lock file, code and model, and today's rows without their labels."""
    gate = make_gate(tmp_path)
    calls: list[UserCall] = []

    def watches(call: UserCall) -> UserReport:
        calls.append(call)
        assert call.inputs["data.test"].read_text().splitlines()[0] == "id,x,country"
        assert json.loads(call.inputs["model"].read_text()) == {"threshold": 0.52}
        return threshold_code(call)

    pythons = FakePythons(FakePython(watches, packages=PACKAGES))
    gate.context = replace(gate.context, pythons=pythons)
    assert gate.run().outcome is Outcome.PASSED
    assert [call.entry for call in calls] == ["fraud:predict"]
    assert pythons.locks[0].name == "requirements.lock"
    assert not pythons.locks[0].is_relative_to(gate.context.workspace)
    assert not calls[0].inputs["model"].exists()


def test_a_worse_model_fails(tmp_path: Path) -> None:
    """A failure is the model's, and the sentence tells by how much."""
    result = make_gate(tmp_path, candidate=0.6, baseline=0.5).run()
    assert (result.outcome, result.category) == (Outcome.FAILED, Category.MODEL)
    assert result.reason == "FAIL: f1 0.8889 is 0.1111 worse than the baseline's 1, more than 0.05."
    assert [bool(case.failure) for case in result.cases] == [False, True]


def test_a_first_release_passes_on_absolute_rules(tmp_path: Path) -> None:
    """Only where no package is there at all; that is recorded."""
    gate = make_gate(tmp_path, baseline=None)
    assert gate.run().outcome is Outcome.UNDECIDED
    gate.settings(baseline={**BASELINE, "first": "absolute_rules"})
    result = gate.run()
    assert result.reason == "PASS: f1 1 is at least 0.8; 1 relative rule waived: no baseline yet."
    assert (result.facts["first_release"], result.facts["baseline"]) == (True, None)
    assert result.cases[1].skipped


def test_a_baseline_from_the_store(tmp_path: Path) -> None:
    """A name is looked up in the store; there it may not be set yet."""
    gate = make_gate(tmp_path)
    store = MemoryStore()
    gate.context = replace(gate.context, store=store)
    gate.settings(baseline={"from": "production", "first": "absolute_rules"})
    assert gate.run().facts["first_release"] is True
    store.point("production", store.put(gate.package))
    result = gate.run()
    assert result.reason == "PASS: f1 1 is at least 0.8, and within 0.05 of the baseline's 0.9796."
    assert result.facts["first_release"] is False


def test_a_baseline_is_not_scored_where_no_rule_asks(tmp_path: Path) -> None:
    """Absolute rules need no baseline, and make no environment for one."""
    gate = make_gate(tmp_path, rules=RULES[:1])
    gate.context = replace(gate.context, pythons=FakePythons(error=ProjectError("no Python")))
    assert gate.run().reason == "PASS: f1 1 is at least 0.8."


@pytest.mark.parametrize(
    "reference",
    ["../production.tar", "/models/production.tar", "~/production.tar", "s3://ml/production.tar", "baseline/"],
)
def test_a_reference_that_could_never_be_found_is_no_first_release(tmp_path: Path, reference: str) -> None:
    """Nothing is waived by a path that leads out of the project, by an address, or by a folder's name."""
    gate = make_gate(tmp_path, baseline=None)
    gate.settings(baseline={"from": reference, "first": "absolute_rules"})
    result = gate.run()
    assert result.outcome is Outcome.UNDECIDED
    assert result.facts["first_release"] is False
    assert f"the baseline could not be scored: {reference} is not a package's file" in result.reason


def test_a_person_may_decide_what_is_undecided(tmp_path: Path) -> None:
    """A decision is for this very evidence, is told, and never lets a failure pass."""
    gate = make_gate(tmp_path, baseline=None)
    undecided = gate.run()
    evidence = str(undecided.facts["evidence"])
    gate.context = replace(gate.context, decisions={evidence: "Compared by hand, see the notes. (Ada)"})
    result = gate.run()
    assert result.outcome is Outcome.PASSED
    assert result.reason.startswith("UNDECIDED: f1 cannot be judged: no baseline to compare with.")
    assert result.reason.endswith("Passed by a person's decision: Compared by hand, see the notes. (Ada)")
    assert result.facts["decision"] == "Compared by hand, see the notes. (Ada)"
    gate.context = replace(gate.context, decisions={evidence: "  "})
    assert gate.run().outcome is Outcome.UNDECIDED
    gate.settings(min_rows=31)
    gate.context = replace(gate.context, decisions={evidence: "For other evidence."})
    assert gate.run().outcome is Outcome.UNDECIDED


def test_a_person_may_not_decide_a_failure(tmp_path: Path) -> None:
    """FAIL is decided already."""
    gate = make_gate(tmp_path, candidate=0.9)
    evidence = str(gate.run().facts["evidence"])
    gate.context = replace(gate.context, decisions={evidence: "I like it."})
    assert gate.run().outcome is Outcome.FAILED


def test_the_evidence_is_the_same_when_the_job_is_run_again(tmp_path: Path) -> None:
    """A baseline's crash in another temporary folder does not make a decision void."""
    gate = make_gate(tmp_path)

    def crash(call: UserCall) -> UserReport:
        return UserReport(Completed(1), exception=f"OSError: cannot read {call.inputs['model']}")

    gate.python(crash)
    first, second = gate.run(), gate.run()
    assert first.reason != second.reason
    assert first.facts["evidence"] == second.facts["evidence"]


def half(call: UserCall) -> UserReport:
    """Code that predicts half of the rows."""
    threshold_code(call)
    path = call.outputs["predictions.test"]
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:50]))
    return UserReport(Completed(0))


def damaged(replaced: str, by: str) -> Callable[[UserCall], UserReport]:
    """Code that predicts, and then spoils what it wrote."""

    def spoils(call: UserCall) -> UserReport:
        threshold_code(call)
        path = call.outputs["predictions.test"]
        text = path.read_text()
        assert replaced in text
        path.write_text(text.replace(replaced, by))
        return UserReport(Completed(0))

    return spoils


def ends(**report: Any) -> Callable[[UserCall], UserReport]:
    completed = report.pop("completed", Completed(1))
    return lambda call: UserReport(completed, **report)


def retrains(call: UserCall) -> UserReport:
    call.inputs["model"].write_text('{"threshold": 0.99}')
    return threshold_code(call)


def no_pythons(gate: Gate, error: KitError) -> None:
    gate.context = replace(gate.context, pythons=FakePythons(error=error))


def replace_package(gate: Gate, content: bytes) -> None:
    gate.package.write_bytes(content)


def link_package(gate: Gate) -> None:
    gate.package.unlink()
    gate.package.symlink_to("nowhere.tar")


def folder_package(gate: Gate) -> None:
    gate.package.unlink()
    gate.package.mkdir()


def stored(gate: Gate, *, lost: bool) -> None:
    store = MemoryStore()
    store.point("production", store.put(gate.package))
    if lost:
        store.objects.clear()
    else:
        store.objects = dict.fromkeys(store.objects, b"other bytes")
    gate.context = replace(gate.context, store=store)
    gate.settings(baseline={"from": "production", "first": "absolute_rules"})


def set_metric(value: object) -> Callable[[Gate], None]:
    return lambda gate: gate.edit_metrics(lambda document: document["datasets"]["test"]["metrics"].update(f1=value))


UNDECIDED: dict[str, tuple[Callable[[Gate], Any], str]] = {
    "the package is missing": (lambda gate: gate.package.unlink(), "no baseline to compare with"),
    "the package is empty": (lambda gate: replace_package(gate, b""), "its package is not sound"),
    "the package is cut off": (
        lambda gate: replace_package(gate, gate.package.read_bytes()[:3000]),
        "its package is not sound",
    ),
    "the package is not one": (lambda gate: replace_package(gate, b"model" * 1000), "its package is not sound"),
    "the package leads nowhere": (link_package, "baseline/production.tar is not a file"),
    "the package is a folder": (folder_package, "baseline/production.tar is not a file"),
    "its model was changed": (
        lambda gate: gate.tamper("model/model.json", b'{"threshold": 0.9}'),
        "its package is not sound: production.tar: model/model.json",
    ),
    "its code was changed": (
        lambda gate: gate.tamper("code/src/fraud.py", b"import os\n"),
        "its package is not sound: production.tar: code/src/fraud.py",
    ),
    "its lock file was changed": (
        lambda gate: gate.tamper("code/requirements.lock", b"numpy==2.1\n"),
        "code/requirements.lock has sha256:",
    ),
    "a file was added": (lambda gate: gate.tamper("code/sitecustomize.py", b""), "which its manifest does not list"),
    "its manifest was changed": (
        lambda gate: gate.tamper("manifest.json", b"{}"),
        "not a valid package manifest of version 1",
    ),
    "its Python is not here": (
        lambda gate: no_pythons(gate, ProjectError("Python 3.11 on this machine")),
        "its environment cannot be made: Python 3.11",
    ),
    "its lock file does not install": (
        lambda gate: no_pythons(gate, ProjectError("requirements.lock does not install")),
        "its environment cannot be made: requirements.lock does not install",
    ),
    "its environment is another": (
        lambda gate: gate.python(threshold_code, {"numpy": "2.1", "pip": "26.0"}),
        "its environment cannot be made: it has 2.1 numpy where 2.0 numpy was recorded",
    ),
    "its environment has more": (
        lambda gate: gate.python(threshold_code, {**PACKAGES, "scipy": "1.0"}),
        "it has 1.0 scipy where no scipy was recorded",
    ),
    "its environment has less": (lambda gate: gate.python(threshold_code, {}), "it has no numpy where 2.0 numpy"),
    "its code raises": (
        lambda gate: gate.python(ends(exception="KeyError: 'x'")),
        "it cannot be scored on today's rows: KeyError: 'x'",
    ),
    "its code exits": (lambda gate: gate.python(ends(completed=Completed(3, ("boom",)))), "exit code 3: boom"),
    "its code is killed": (lambda gate: gate.python(ends(completed=Completed(-9))), "killed by SIGKILL"),
    "its code never ends": (
        lambda gate: gate.python(ends(completed=Completed(-15, timed_out=True))),
        "ran into the time limit",
    ),
    "it predicts nothing": (
        lambda gate: gate.python(ends(completed=Completed(0))),
        "the baseline's test.csv is not there",
    ),
    "it predicts half": (lambda gate: gate.python(half), "predicts 51 of 100 rows not at all"),
    "it predicts a row twice": (lambda gate: gate.python(damaged("r7,", "r8,")), "has id 'r8' again"),
    "it predicts another row": (lambda gate: gate.python(damaged("r7,", "x7,")), "predicts id 'x7', which"),
    "it predicts NaN": (lambda gate: gate.python(damaged("0.05\n", "nan\n")), "is 'nan', not a finite number"),
    "it predicts beyond 1": (lambda gate: gate.python(damaged("0.05\n", "5\n")), "is 5.0, not between 0 and 1"),
    "it predicts a class that there is not": (
        lambda gate: gate.python(damaged("r99,1", "r99,7")),
        "predicts '7', which is not a class of data/test.csv",
    ),
    "it writes half a row": (lambda gate: gate.python(damaged("r99,1,", "r99,")), "has 2 cells where the header has 3"),
    "it changes its model": (lambda gate: gate.python(retrains), "changed the model while it predicted"),
    "no store is declared": (
        lambda gate: gate.settings(baseline={"from": "production", "first": "absolute_rules"}),
        "no store is declared in which to find 'production'",
    ),
    "the store has lost it": (lambda gate: stored(gate, lost=True), "the store does not give it"),
    "the store gives other bytes": (lambda gate: stored(gate, lost=False), "the store does not give it"),
    "the dataset is no input": (
        lambda gate: setattr(gate, "context", replace(gate.context, datasets={})),
        "the dataset 'test' is not among the gate's inputs, add data.test",
    ),
    "no baseline is named": (lambda gate: gate.settings(baseline=None), "no baseline to compare with"),
    "there are no rules": (lambda gate: gate.settings(rules=[]), "no rule was given"),
    "a metric is unknown": (
        lambda gate: gate.settings(rules=[{"metric": "f2", "min": 0.1}]),
        "f2 cannot be judged: it was not measured",
    ),
    "a slice is unknown": (
        lambda gate: gate.settings(rules=[{"metric": "f1", "min": 0.1, "slice": "city"}]),
        "no slices by 'city'",
    ),
    "the rows are few": (lambda gate: gate.settings(min_rows=101), "100 rows are fewer than the required 101"),
    "the metric is NaN": (set_metric(float("nan")), "it is nan, not a finite number"),
    "the metric is infinite": (set_metric(float("inf")), "it is inf, not a finite number"),
    "the metric is text": (set_metric("1.0"), "it is '1.0', not a finite number"),
    "the metric is true": (set_metric(True), "it is True, not a finite number"),
    "the metric is nothing": (set_metric(None), "it is None, not a finite number"),
    "the metric is a percentage": (set_metric(98.0), "it is 98.0, but can only be between 0 and 1"),
    "the metric is gone": (
        lambda gate: gate.edit_metrics(lambda document: document["datasets"]["test"]["metrics"].pop("f1")),
        "it was not measured",
    ),
}


@pytest.mark.parametrize("fault", UNDECIDED)
def test_no_fault_passes(tmp_path: Path, fault: str) -> None:
    """What cannot be judged is undecided, with the reason, and a verdict that says so is left."""
    gate = make_gate(tmp_path)
    change, reason = UNDECIDED[fault]
    change(gate)
    result = gate.run()
    assert result.outcome is Outcome.UNDECIDED
    verdict = json.loads((gate.context.out / "verdict.json").read_text())
    assert (verdict["status"], verdict["passes"]) == ("UNDECIDED", False)
    assert reason in verdict["sentence"]
    assert str(tmp_path) not in verdict["sentence"]


def other_model(gate: Gate) -> None:
    gate.jobs["train"].files["model"].write_text('{"threshold": 0.1}')


def other_rows(gate: Gate) -> None:
    data = gate.context.datasets["test"]
    gate.context = replace(gate.context, datasets={"test": replace(data, digest="sha256:other")})


def ran_on(gate: Gate, job: str, inputs: dict[str, str]) -> None:
    """Lets an earlier job have read something else than there is now."""
    before = gate.jobs[job]
    changed = replace(before, record=replace(before.record, inputs=inputs))
    gate.context = replace(gate.context, upstream={**gate.jobs, job: changed})


REFUSED: dict[str, tuple[Callable[[Gate], Any], type[KitError], str]] = {
    "metrics of another model": (other_model, ModelError, "metrics.json was computed for the model"),
    "metrics of other rows": (other_rows, DataError, "metrics.json is of other rows of test"),
    "no metrics": (lambda gate: gate.metrics.write_text(""), DataError, "is not a metrics document"),
    "metrics cut off": (
        lambda gate: gate.metrics.write_text(gate.metrics.read_text()[:-9]),
        DataError,
        "is not a metrics document",
    ),
    "metrics that are no text": (lambda gate: gate.metrics.write_bytes(b"\xff"), DataError, "is not UTF-8 text"),
    "no evaluation": (
        lambda gate: setattr(gate, "context", replace(gate.context, upstream={"train": gate.jobs["train"]})),
        ModelError,
        "no job before this one made metrics",
    ),
    "no model": (
        lambda gate: setattr(gate, "context", replace(gate.context, upstream={"evaluate": gate.jobs["evaluate"]})),
        ModelError,
        "no job before this one made model",
    ),
    "an evaluation before the code changed": (
        lambda gate: ran_on(gate, "evaluate", {"src/fraud.py": "sha256:before"}),
        DataError,
        "the results of evaluate are stale: src/fraud.py has changed since",
    ),
    "an evaluation of a model that was trained again": (
        lambda gate: ran_on(gate, "evaluate", {"train.model": "sha256:before"}),
        DataError,
        "the results of evaluate are stale: train.model has changed since",
    ),
    "a training on other rows": (
        lambda gate: ran_on(gate, "train", {"data.test": "sha256:before"}),
        DataError,
        "the results of train are stale: data.test has changed since",
    ),
    "no network": (
        lambda gate: no_pythons(gate, InfrastructureError("the index does not answer")),
        InfrastructureError,
        "the index does not answer",
    ),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_what_is_no_evidence_is_refused(tmp_path: Path, fault: str) -> None:
    """Evidence that is damaged or of something else is an error, which no decision lets pass."""
    gate = make_gate(tmp_path)
    change, error, message = REFUSED[fault]
    change(gate)
    with pytest.raises(error) as raised:
        gate.run()
    assert message in raised.value.message


def test_a_rule_names_a_metric_that_the_evaluation_has() -> None:
    """A name that is none is told with the descriptor, not after the training."""
    rules = next(each for each in Specs()["gate"].parameters if each.name == "rules")
    assert rules.items is not None
    metric = next(each for each in rules.items.fields if each.name == "metric")
    assert metric.choices == METRICS.names()


def test_how_many_faults(record_property: Callable[[str, object], None]) -> None:
    """Every fault above was put into a gate that passes without it."""
    record_property("faults of a gate", len(UNDECIDED) + len(REFUSED))
    print(f"{len(UNDECIDED) + len(REFUSED)} faults of a gate, none of which passes")
    assert len(UNDECIDED) + len(REFUSED) >= 40
