"""Faults of evidence, one by one: none of them ends in PASS, and each says why."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import pytest

from pipeline_kit.errors import DataError
from pipeline_kit.gates.decide import decide
from pipeline_kit.gates.evidence import evidence_of, read_metrics
from pipeline_kit.gates.figures import Baseline, Unavailable
from pipeline_kit.gates.rule import Rule
from pipeline_kit.gates.rules.drop import MAX_DROP, MAX_RELATIVE_DROP
from pipeline_kit.gates.rules.min import MIN
from pipeline_kit.gates.verdict import Status

MINIMUM = Rule("f1", MIN, 0.8)
DROP = Rule("f1", MAX_DROP, 0.05)
SHARE = Rule("f1", MAX_RELATIVE_DROP, 0.05)
IN_SLICES = Rule("f1", MIN, 0.8, slice="country")
DROP_IN_SLICES = Rule("f1", MAX_DROP, 0.05, slice="country")
RULES = [MINIMUM, DROP, SHARE, IN_SLICES, DROP_IN_SLICES]


def document(model: str) -> dict[str, Any]:
    """Sound metrics that pass every rule against themselves."""

    def figures(rows: int) -> dict[str, Any]:
        return {"rows": rows, "metrics": {"f1": 0.9, "log_loss": 0.2}, "undefined": {}}

    slices = {"country": {"DE": figures(60), "FR": figures(40)}}
    test = {"digest": "sha256:d", **figures(100), "slices": slices}
    return {"version": 1, "model": model, "task": "binary", "positive": "1", "bins": 10, "datasets": {"test": test}}


@dataclass
class Case:
    """The evidence before a fault: two sound documents, and how they are judged."""

    ours: dict[str, Any] = field(default_factory=lambda: document("sha256:new"))
    theirs: dict[str, Any] = field(default_factory=lambda: document("sha256:old"))
    baseline: Callable[[dict[str, Any]], Baseline] = evidence_of
    rules: list[Rule] = field(default_factory=lambda: list(RULES))
    minimum_rows: int = 30
    first_release: bool = False

    @property
    def test(self) -> dict[str, Any]:
        return self.ours["datasets"]["test"]

    @property
    def old(self) -> dict[str, Any]:
        return self.theirs["datasets"]["test"]


FAULTS: dict[str, tuple[Callable[[Case], Any], str]] = {
    "nan": (lambda c: c.test["metrics"].update(f1=float("nan")), "it is nan, not a finite number"),
    "infinite": (lambda c: c.test["metrics"].update(f1=float("inf")), "it is inf, not a finite number"),
    "minus infinite": (lambda c: c.test["metrics"].update(f1=float("-inf")), "it is -inf, not a finite number"),
    "true": (lambda c: c.test["metrics"].update(f1=True), "it is True, not a finite number"),
    "text": (lambda c: c.test["metrics"].update(f1="0.99"), "it is '0.99', not a finite number"),
    "null": (lambda c: c.test["metrics"].update(f1=None), "it is None, not a finite number"),
    "a list": (lambda c: c.test["metrics"].update(f1=[0.9]), "it is [0.9], not a finite number"),
    "no float can hold it": (lambda c: c.test["metrics"].update(f1=10**400), "not a finite number"),
    "over its range": (lambda c: c.test["metrics"].update(f1=1.01), "but can only be between 0 and 1"),
    "under its range": (lambda c: c.test["metrics"].update(f1=-0.9), "but can only be between 0 and 1"),
    "missing": (lambda c: c.test["metrics"].pop("f1"), "it was not measured"),
    "no metrics at all": (lambda c: c.test.update(metrics={}), "it was not measured"),
    "undefined": (
        lambda c: (c.test["metrics"].pop("f1"), c.test["undefined"].update(f1="no row is of class '1'")),
        "it is undefined: no row is of class '1'",
    ),
    "defined and undefined": (lambda c: c.test["undefined"].update(f1="0/0"), "it is undefined: 0/0"),
    "no rows": (lambda c: c.test.update(rows=0), "it is of 0 rows"),
    "rows below none": (lambda c: c.test.update(rows=-5), "it is of -5 rows"),
    "rows as text": (lambda c: c.test.update(rows="100"), "it is of '100' rows"),
    "rows as true": (lambda c: c.test.update(rows=True), "it is of True rows"),
    "rows as a fraction": (lambda c: c.test.update(rows=100.0), "it is of 100.0 rows"),
    "too few rows": (lambda c: (c.test.update(rows=29), c.old.update(rows=29)), "are fewer than the required 30"),
    "too few rows in a slice": (
        lambda c: (c.test["slices"]["country"]["FR"].update(rows=3), c.old["slices"]["country"]["FR"].update(rows=3)),
        "f1 where country is FR cannot be judged: 3 rows are fewer than the required 30",
    ),
    "an empty slice": (lambda c: c.test["slices"]["country"]["FR"].update(rows=0), "it is of 0 rows"),
    "a slice of no values": (lambda c: c.test["slices"].update(country={}), "no slices by 'country'"),
    "no slices": (lambda c: c.test.update(slices={}), "no slices by 'country'"),
    "nan in a slice": (
        lambda c: c.test["slices"]["country"]["DE"]["metrics"].update(f1=float("nan")),
        "f1 where country is DE cannot be judged: it is nan",
    ),
    "a slice that the candidate lacks": (
        lambda c: c.test["slices"]["country"].pop("FR"),
        "the baseline has this slice and the model has not",
    ),
    "a slice that the baseline lacks": (
        lambda c: c.old["slices"]["country"].pop("FR"),
        "the model has this slice and the baseline has not",
    ),
    "no slices of the baseline": (lambda c: c.old.update(slices={}), "the baseline has not"),
    "other rows in a slice": (
        lambda c: c.old["slices"]["country"]["FR"].update(rows=41),
        "the baseline was scored on another number of rows",
    ),
    "no dataset": (lambda c: c.ours.update(datasets={}), "the model was evaluated on no dataset"),
    "another dataset": (
        lambda c: c.rules.append(Rule("f1", MIN, 0.1, dataset="late")),
        "the model was not evaluated on the dataset 'late'",
    ),
    "a dataset that the baseline lacks": (
        lambda c: c.theirs.update(datasets={}),
        "the baseline was not evaluated on the dataset 'test'",
    ),
    "other data": (lambda c: c.old.update(digest="sha256:other"), "the baseline was scored on other data"),
    "data without a digest": (
        lambda c: (c.test.update(digest=""), c.old.update(digest="")),
        "the baseline was scored on other data",
    ),
    "another number of rows": (lambda c: c.old.update(rows=99), "the baseline was scored on 99 rows, not on 100"),
    "another positive class": (lambda c: c.theirs.update(positive="0"), "the baseline was scored in another way"),
    "another task": (lambda c: c.theirs.update(task="multiclass"), "the baseline was scored in another way"),
    "other bins": (lambda c: c.theirs.update(bins=5), "the baseline was scored in another way"),
    "no baseline": (lambda c: setattr(c, "baseline", lambda _: None), "no baseline to compare with"),
    "a baseline that cannot be scored": (
        lambda c: setattr(c, "baseline", lambda _: Unavailable("its code crashed", "crash")),
        "the baseline could not be scored: its code crashed",
    ),
    "a first release whose baseline cannot be scored": (
        lambda c: (
            setattr(c, "baseline", lambda _: Unavailable("its code crashed", "crash")),
            setattr(c, "first_release", True),
        ),
        "the baseline could not be scored: its code crashed",
    ),
    "a first release without absolute rules": (
        lambda c: (
            setattr(c, "baseline", lambda _: None),
            setattr(c, "first_release", True),
            setattr(c, "rules", [DROP, SHARE]),
        ),
        "no rule was judged, and a first release needs one that is absolute",
    ),
    "nan of the baseline": (
        lambda c: c.old["metrics"].update(f1=float("nan")),
        "for the baseline, it is nan, not a finite number",
    ),
    "infinite baseline": (
        lambda c: c.old["metrics"].update(f1=float("-inf")),
        "for the baseline, it is -inf, not a finite number",
    ),
    "baseline as text": (lambda c: c.old["metrics"].update(f1="0"), "for the baseline, it is '0'"),
    "missing of the baseline": (lambda c: c.old["metrics"].pop("f1"), "for the baseline, it was not measured"),
    "undefined of the baseline": (
        lambda c: (c.old["metrics"].pop("f1"), c.old["undefined"].update(f1="0/0")),
        "for the baseline, it is undefined: 0/0",
    ),
    "a share of zero": (lambda c: c.old["metrics"].update(f1=0.0), "the baseline's is 0, and nothing is a share of 0"),
    "a share of minus zero": (lambda c: c.old["metrics"].update(f1=-0.0), "nothing is a share of 0"),
    "a drop of an unknown metric": (
        lambda c: (
            c.test["metrics"].update(profit=9.0),
            c.old["metrics"].update(profit=1.0),
            c.rules.append(Rule("profit", MAX_DROP, 1.0)),
        ),
        "the kit does not know which way it is better",
    ),
    "a limit that is nan": (
        lambda c: c.rules.append(Rule("f1", MIN, float("nan"))),
        "the rule's limit is nan",
    ),
    "a limit that is true": (lambda c: c.rules.append(Rule("f1", MIN, True)), "the rule's limit is True"),
    "a drop that may be infinite": (
        lambda c: c.rules.append(Rule("f1", MAX_DROP, float("inf"))),
        "the rule's limit is inf",
    ),
    "no rule": (lambda c: c.rules.clear(), "no rule was given"),
}

DAMAGES: dict[str, Callable[[str], str]] = {
    "empty": lambda text: "",
    "truncated": lambda text: text[:-20],
    "not JSON": lambda text: "f1: 0.99",
    "a list": lambda text: f"[{text}]",
    "null": lambda text: "null",
    "another version": lambda text: text.replace('"version": 1', '"version": 2'),
    "version true": lambda text: text.replace('"version": 1', '"version": true'),
    "a name twice": lambda text: text.replace('"f1": 0.9,', '"f1": 0.1, "f1": 0.99,', 1),
    "no model": lambda text: text.replace('"model"', '"modell"'),
    "no datasets": lambda text: text.replace('"datasets"', '"data"'),
    "no rows": lambda text: text.replace('"rows"', '"lines"', 1),
    "no undefined": lambda text: text.replace('"undefined"', '"unknown"', 1),
    "metrics in a list": lambda text: text.replace('"metrics": {"f1": 0.9, "log_loss": 0.2}', '"metrics": [0.9]', 1),
    "an unknown task": lambda text: text.replace('"binary"', '"magic"'),
    "no bins": lambda text: text.replace('"bins": 10', '"bins": 0'),
    "a very deep one": lambda text: '{"a":' * 100_000,
}


def judged(case: Case) -> tuple[Status, str]:
    """The verdict on a case: its status, and everything it says."""
    verdict = decide(
        case.rules,
        evidence_of(case.ours),
        case.baseline(case.theirs),
        minimum_rows=case.minimum_rows,
        first_release=case.first_release,
    )
    return verdict.status, "\n".join([verdict.sentence, *(each.text for each in verdict.rules)])


def test_without_a_fault_it_passes() -> None:
    """What the faults are put into passes, so each of them is what stops it."""
    assert judged(Case())[0] is Status.PASS


@pytest.mark.parametrize("fault", FAULTS)
def test_no_fault_passes(fault: str) -> None:
    """A fault of evidence leaves the gate undecided, and its reason is told."""
    case = Case()
    damage, reason = FAULTS[fault]
    damage(case)
    status, said = judged(case)
    assert status is Status.UNDECIDED
    assert reason in said


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_documents_are_no_evidence(damage: str) -> None:
    """A document that is not whole is refused before anything is decided on it."""
    text = json.dumps(document("sha256:new"))
    damaged = DAMAGES[damage](deepcopy(text))
    assert damaged != text
    with pytest.raises(DataError, match=r"metrics\.json is not a metrics document of version 1"):
        read_metrics(damaged, "metrics.json")


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_json_does_not_have(value: str) -> None:
    """A metric that is not finite gets through the reader and is stopped by the decision."""
    text = json.dumps(document("sha256:new")).replace('"f1": 0.9', f'"f1": {value}', 1)
    verdict = decide([MINIMUM], read_metrics(text, "metrics.json"), None)
    assert verdict.status is Status.UNDECIDED
    assert "not a finite number" in verdict.sentence


def test_how_many_faults(count: Callable[[str, int], None]) -> None:
    """The table holds at least thirty faults, and their number is printed."""
    count("faults of evidence, none of which passes", len(FAULTS))
    count("damaged documents of evidence, all refused", len(DAMAGES))
    assert len(FAULTS) >= 30
