"""A metric and a rule from outside: found by entry point, computed by evaluate, judged by the gate, planned."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from pipeline_kit.catalog import Specs
from pipeline_kit.contract.context import StageContext, Upstream
from pipeline_kit.contract.digest import digest_file
from pipeline_kit.contract.result import Outcome, StageResult
from pipeline_kit.errors import UsageError
from pipeline_kit.extensions import Plugins
from pipeline_kit.gates.metrics import find_metric
from pipeline_kit.gates.rules import rule_kinds, rules_of
from tests.gates.outside import NAME, install
from tests.plugins import install_package, use_plugins
from tests.projects import kit, write_project
from tests.stages.judging import Project, run

PLUGINS = Plugins((NAME,))
RULES = [{"metric": "specificity", "min": 0.9, "mcnemar": 0.05}]
BASELINE = {"from": "baseline/production.tar", "first": None}
JOBS = """
  train: {stage: train, run: "fraud:train", outputs: {model: model.json}}
  evaluate: {needs: [train], run: "fraud:predict", inputs: [data.test]}
  gate: {needs: [evaluate], baseline: {from: production}, rules: [{metric: specificity, min: 0.9, mcnemar: 0.05}]}
"""
DATA = "data:\n  test: {path: data/test.csv, target: label}\nstore: store\n"


@pytest.fixture(autouse=True)
def _installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(install(tmp_path / "site"))


@dataclass
class Gate:
    """A gate about to run on row results, and the jobs before it."""

    context: StageContext
    jobs: dict[str, Upstream]

    @property
    def rows(self) -> Path:
        return self.jobs["evaluate"].files["row_results"] / "test.csv"

    @property
    def metrics(self) -> Path:
        return self.jobs["evaluate"].files["metrics"]

    def edit_metrics(self, change: Callable[[dict[str, Any]], object]) -> None:
        document = json.loads(self.metrics.read_text())
        change(document)
        self.metrics.write_text(json.dumps(document))

    def run(self) -> StageResult:
        return run("gate", self.context)


def make_gate(folder: Path, candidate: float, baseline: float, **settings: Any) -> Gate:
    """A gate of models that are thresholds, on 100 rows; 0.5 predicts all of them right."""
    project = Project(folder, candidate)
    jobs = project.evaluated(plugins=PLUGINS)
    asked = {"rules": RULES, "baseline": BASELINE, **settings}
    context = project.context("gate", jobs, settings=asked, plugins=PLUGINS)
    package = context.workspace / "baseline" / "production.tar"
    package.parent.mkdir()
    package.write_bytes(Project(folder, baseline, name="before").packed().read_bytes())
    return Gate(context, jobs)


def test_a_metric_is_computed_for_every_dataset_and_slice(tmp_path: Path) -> None:
    """After the built-in ones, with the versions of the packages; the result of each row has a digest."""
    gate = make_gate(tmp_path, 0.4, 0.5)
    document = json.loads(gate.metrics.read_text())
    test = document["datasets"]["test"]
    assert test["metrics"]["specificity"] == 0.8
    assert test["slices"]["country"]["DE"]["metrics"]["specificity"] == 0.8
    assert document["plugins"] == {NAME: "1.0"}
    assert test["row_results"] == digest_file(gate.rows)
    assert gate.rows.read_text().splitlines()[:2] == [
        "id,truth,prediction,probability_1,slice_country",
        "r0,0,0,0.05,DE",
    ]


@pytest.mark.parametrize(
    ("candidate", "baseline", "outcome", "sentence"),
    [
        (
            *(0.5, 0.6, Outcome.PASSED),
            "PASS: specificity 1 is at least 0.9, and wins 10 rows against the baseline and loses 0 (p 1).",
        ),
        (
            *(0.6, 0.5, Outcome.FAILED),
            "FAIL: specificity 1 wins 0 rows against the baseline and loses 10 (p 0.0009766).",
        ),
        (
            *(0.52, 0.5, Outcome.UNDECIDED),
            "UNDECIDED: specificity cannot be judged: the models differ on 2 rows, fewer than 10.",
        ),
    ],
)
def test_a_paired_rule(tmp_path: Path, candidate: float, baseline: float, outcome: Outcome, sentence: str) -> None:
    """It judges by the rows on which the models differ, and keeps the baseline's rows beside the verdict."""
    gate = make_gate(tmp_path, candidate, baseline)
    result = gate.run()
    assert (result.outcome, result.reason) == (outcome, sentence)
    verdict = json.loads((gate.context.out / "verdict.json").read_text())
    assert verdict["rules"][1]["rule"] == {"metric": "specificity", "mcnemar": 0.05, "mcnemar_rows": 10}
    assert [case.name for case in result.cases] == ["specificity min 0.9 on test", "specificity mcnemar 0.05 on test"]
    scored = json.loads((gate.context.out / "baseline.json").read_text())
    kept = gate.context.out / result.outputs["baseline_rows"].path / "test.csv"
    assert scored["datasets"]["test"]["row_results"] == digest_file(kept)
    assert "specificity" in scored["datasets"]["test"]["metrics"]


def test_a_paired_rule_in_every_slice(tmp_path: Path) -> None:
    """Of the ten rows that are lost, five are in each of two countries."""
    rules = [{"metric": "accuracy", "mcnemar": 0.05, "mcnemar_rows": 3, "slice": "country"}]
    result = make_gate(tmp_path, 0.6, 0.5, rules=rules).run()
    assert result.outcome is Outcome.FAILED
    for country in ("DE", "FR"):
        assert f"where country is {country} wins 0 rows against the baseline and loses 5" in "".join(
            str(case.failure) for case in result.cases
        )


def other_plugins(gate: Gate) -> None:
    gate.edit_metrics(lambda document: document.update(plugins={NAME: "0.9"}))


def no_rows(gate: Gate) -> None:
    before = gate.jobs["evaluate"]
    outputs = {name: output for name, output in before.record.outputs.items() if name != "row_results"}
    evaluate = replace(before, record=replace(before.record, outputs=outputs))
    gate.context = replace(gate.context, upstream={**gate.jobs, "evaluate": evaluate})


FAULTS: dict[str, tuple[Callable[[Gate], object], str]] = {
    "another prediction": (
        lambda gate: gate.rows.write_text(gate.rows.read_text().replace("r7,0,0", "r7,0,1")),
        "the model's row results are not those that it was evaluated with",
    ),
    "cut off": (
        lambda gate: gate.rows.write_bytes(gate.rows.read_bytes()[:-20]),
        "the model's row results are not those that it was evaluated with",
    ),
    "no file": (lambda gate: gate.rows.unlink(), "the row results cannot be read: FileNotFoundError"),
    "no folder": (lambda gate: shutil.rmtree(gate.rows.parent), "the row results cannot be read: FileNotFoundError"),
    "no output": (no_rows, "row results of both models are missing"),
    "no digest": (
        lambda gate: gate.edit_metrics(lambda document: document["datasets"]["test"].pop("row_results")),
        "row results of both models are missing",
    ),
    "another version of the metric": (other_plugins, "the baseline was scored in another way"),
    "the metric is nan": (
        lambda gate: gate.edit_metrics(
            lambda document: document["datasets"]["test"]["metrics"].update(specificity=float("nan"))
        ),
        "it is nan, not a finite number",
    ),
    "the metric is outside its range": (
        lambda gate: gate.edit_metrics(
            lambda document: document["datasets"]["test"]["metrics"].update(specificity=1.5)
        ),
        "it is 1.5, but can only be between 0 and 1",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_no_fault_of_the_rows_passes(tmp_path: Path, fault: str) -> None:
    """Row results that are missing, changed or of another evaluator leave the rule undecided, with the reason."""
    gate = make_gate(tmp_path, 0.5, 0.6)
    change, reason = FAULTS[fault]
    change(gate)
    result = gate.run()
    assert result.outcome is Outcome.UNDECIDED
    assert reason in result.reason


def test_rows_are_not_read_where_no_rule_needs_them(tmp_path: Path) -> None:
    """A gate of bounds works without them, keeps none of the baseline, and its evidence has none."""
    rules = [{"metric": "f1", "min": 0.8, "max_drop": 0.05}]
    gate = make_gate(tmp_path, 0.5, 0.52, rules=rules)
    before = gate.run()
    shutil.rmtree(gate.rows.parent)
    after = gate.run()
    assert after.outcome is Outcome.PASSED
    assert after.facts["evidence"] == before.facts["evidence"]
    assert set(after.outputs) == {"verdict", "baseline"}


def test_the_evidence_of_a_paired_rule_has_the_rows(tmp_path: Path) -> None:
    """A decision of a person is for these rows: other row results have another digest."""
    gate = make_gate(tmp_path, 0.52, 0.5)
    before = gate.run().facts["evidence"]
    gate.edit_metrics(lambda document: document["datasets"]["test"].update(row_results="sha256:other"))
    assert gate.run().facts["evidence"] != before


def test_the_descriptor_takes_the_names_and_fields_of_the_plugins(tmp_path: Path) -> None:
    """A metric's name is one of the choices, a rule's parameters are fields of a record; without the plugin neither."""
    rules = next(each for each in Specs(plugins=PLUGINS)["gate"].parameters if each.name == "rules")
    assert rules.items is not None
    fields = {each.name: each for each in rules.items.fields}
    assert "specificity" in fields["metric"].choices
    assert fields["mcnemar_rows"].help == "On how many rows the models must differ."
    project = write_project(tmp_path / "project", JOBS, DATA)
    refused = kit(project, "plan", PYTHONPATH=str(tmp_path / "site"))
    assert refused.returncode == 2
    assert "specificity" in refused.stderr
    planned = kit(use_plugins(project, NAME), "plan", PYTHONPATH=str(tmp_path / "site"))
    assert (planned.returncode, planned.stderr) == (0, "")


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ({"pipeline_kit.rules": {"other": "acme_mcnemar:MCNEMAR"}}, "acme_mcnemar:MCNEMAR is not the rule `other`"),
        (
            {"pipeline_kit.rules": {"other": "acme_wrong:RULE"}},
            "the rule `other` has the field `min`, as",
        ),
        (
            {"pipeline_kit.metrics": {"other": "acme_specificity:SPECIFICITY"}},
            "acme_specificity:SPECIFICITY is not the metric `other`",
        ),
        ({"pipeline_kit.metrics": {"other": "acme_wrong:NUMBER"}}, "acme_wrong:NUMBER is not the metric `other`"),
    ],
)
def test_a_plugin_that_is_not_what_it_says_is_refused(
    tmp_path: Path, points: dict[str, dict[str, str]], message: str
) -> None:
    """Another name, the field of another rule, or something else altogether: named with its entry point."""
    wrong = (
        "from acme_mcnemar import McNemar\nfrom pipeline_kit.descriptor.parameter import Kind, Parameter\n"
        "class Other(McNemar):\n    name = 'other'\n    parameters = (Parameter('min', Kind.NUMBER, 'The least.'),)\n"
        "RULE, NUMBER = Other(), 3\n"
    )
    install_package(tmp_path / "site", "acme-wrong", {"acme_wrong.py": wrong}, points)
    plugins = Plugins(("acme-wrong",))
    with pytest.raises(UsageError) as caught:
        rule_kinds(plugins)
        find_metric("other", plugins)
    assert message in caught.value.message


def test_a_field_that_makes_no_rule_is_refused_beside_others() -> None:
    """Else the gate would pass by less than what is written."""
    with pytest.raises(UsageError, match="rule 1 on f1: `mcnemar_rows` alone makes no rule `mcnemar`"):
        rules_of([{"metric": "f1", "min": 0.5, "mcnemar_rows": 3}], PLUGINS)


def test_plan_refuses_a_rule_with_a_field_of_another(tmp_path: Path) -> None:
    """As the gate does, but before any job has run."""
    wrong = (
        "from pipeline_kit.descriptor.parameter import Kind, Parameter\n"
        "class Other:\n    name = 'other'\n    parameters = (Parameter('metric', Kind.STRING, 'The metric.'),)\n"
        "RULE = Other()\n"
    )
    points = {"pipeline_kit.rules": {"other": "acme_wrong:RULE"}}
    site = install_package(tmp_path / "wrong", "acme-wrong", {"acme_wrong.py": wrong}, points)
    project = write_project(tmp_path / "project", "  gate: {rules: [{metric: f1, min: 0.9}]}\n", DATA)
    planned = kit(use_plugins(project, "acme-wrong"), "plan", PYTHONPATH=str(site))
    assert planned.returncode == 2
    assert "plugins: the rule `other` has the field `metric`, as the record itself has" in planned.stderr


def test_a_record_with_a_field_that_needs_another_bounds_nothing() -> None:
    """The kind says that it has no rule in the record, and the message lists what there is."""
    with pytest.raises(UsageError, match="rule 1 on f1 bounds nothing") as caught:
        rules_of([{"metric": "f1", "mcnemar_rows": 3}], PLUGINS)
    assert caught.value.hint == "give it one of: min, max, max_drop, max_relative_drop, mcnemar"
