"""The decision: which rule holds, in which words, and what a verdict is kept by."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.errors import DataError, UsageError
from pipeline_kit.gates.decide import decide
from pipeline_kit.gates.evidence import DatasetEvidence, Evidence, Figures
from pipeline_kit.gates.figures import Unavailable
from pipeline_kit.gates.rule import Rule, RuleKind
from pipeline_kit.gates.rules import rules_of
from pipeline_kit.gates.rules.drop import MAX_DROP, MAX_RELATIVE_DROP
from pipeline_kit.gates.rules.min import MIN
from pipeline_kit.gates.verdict import Status, read_verdict


def evidence(
    model: str = "sha256:a", *, slices: dict[str, dict[str, float]] | None = None, **metrics: float
) -> Evidence:
    """A model's figures on 171 rows; `slices` are values of f1 by country."""
    parts = {
        column: {value: Figures(40, {"f1": figure}) for value, figure in values.items()}
        for column, values in (slices or {}).items()
    }
    return Evidence(model, {"test": DatasetEvidence("sha256:d", Figures(171, metrics), parts)})


def words(rules: list[Rule], candidate: Evidence, baseline: Evidence | Unavailable | None = None, **more: bool) -> str:
    return decide(rules, candidate, baseline, **more).sentence


def test_absolute_and_relative_rules_in_one_sentence() -> None:
    """A pass tells every rule, the metric once."""
    rules = [Rule("f1", MIN, 0.95), Rule("f1", MAX_DROP, 0.01)]
    verdict = decide(rules, evidence(f1=0.981), evidence("sha256:b", f1=0.979))
    assert verdict.status is Status.PASS
    assert verdict.passes
    assert verdict.sentence == "PASS: f1 0.981 is at least 0.95, and within 0.01 of the baseline's 0.979."


def test_the_rules_of_a_metric_stand_together() -> None:
    """However they are listed, each metric is told once, and one reason that several share is told once too."""
    rules = [Rule("f1", MIN, 0.9), Rule("recall", MIN, 0.8), Rule("f1", MAX_DROP, 0.1)]
    candidate = evidence(f1=0.95, recall=0.85)
    assert words(rules, candidate, evidence("b", f1=0.97)) == (
        "PASS: f1 0.95 is at least 0.9 and within 0.1 of the baseline's 0.97, and recall 0.85 is at least 0.8."
    )
    both = [Rule(name, MAX_DROP, 0.1) for name in ("f1", "recall")]
    assert words(both, candidate) == "UNDECIDED: f1 and recall cannot be judged: no baseline to compare with."


def test_a_failure_tells_what_failed_only() -> None:
    """The rules that held are no part of the sentence, and a failure outweighs what is undecided."""
    rules = [Rule("f1", MIN, 0.95), Rule("recall", MIN, 0.9), Rule("mcc", MIN, 0.5)]
    verdict = decide(rules, evidence(f1=0.9, recall=0.95), None)
    assert verdict.status is Status.FAIL
    assert verdict.sentence == "FAIL: f1 0.9 is below 0.95."
    assert [each.status for each in verdict.rules] == [Status.FAIL, Status.PASS, Status.UNDECIDED]


@pytest.mark.parametrize(
    ("metric", "change", "kind", "limit", "status"),
    [
        ("f1", (0.98, 0.97), MAX_DROP, 0.01, Status.PASS),
        ("f1", (0.98, 0.9699999), MAX_DROP, 0.01, Status.FAIL),
        ("f1", (0.97, 0.99), MAX_DROP, 0.0, Status.PASS),
        ("f1", (0.97, 0.97), MAX_DROP, 0.0, Status.PASS),
        ("log_loss", (0.10, 0.11), MAX_DROP, 0.01, Status.PASS),
        ("log_loss", (0.10, 0.12), MAX_DROP, 0.01, Status.FAIL),
        ("log_loss", (0.12, 0.10), MAX_DROP, 0.0, Status.PASS),
        ("rmse", (2.0, 2.2), MAX_RELATIVE_DROP, 0.1, Status.PASS),
        ("rmse", (2.0, 2.3), MAX_RELATIVE_DROP, 0.1, Status.FAIL),
        ("r2", (-0.5, -0.55), MAX_RELATIVE_DROP, 0.1, Status.PASS),
        ("r2", (-0.5, -0.56), MAX_RELATIVE_DROP, 0.1, Status.FAIL),
        ("f1", (0.3, 0.27), MAX_RELATIVE_DROP, 0.1, Status.PASS),
        ("f1", (0.97, 0.98), MAX_DROP, -0.01, Status.PASS),
        ("f1", (0.97, 0.979), MAX_DROP, -0.01, Status.FAIL),
    ],
)
def test_drops(metric: str, change: tuple[float, float], kind: RuleKind[float], limit: float, status: Status) -> None:
    """A drop is a worsening in the metric's own direction, counted exactly in decimal."""
    before, after = change
    verdict = decide([Rule(metric, kind, limit)], evidence(**{metric: after}), evidence("b", **{metric: before}))
    assert verdict.status is status


def test_drops_in_words() -> None:
    """How much worse, in the metric's unit or as a share."""
    before, after = evidence("b", f1=0.5), evidence(f1=0.4)
    assert words([Rule("f1", MAX_DROP, 0.05)], after, before) == (
        "FAIL: f1 0.4 is 0.1 worse than the baseline's 0.5, more than 0.05."
    )
    assert words([Rule("f1", MAX_RELATIVE_DROP, 0.05)], after, before) == (
        "FAIL: f1 0.4 is 20 % worse than the baseline's 0.5, more than 5 %."
    )
    assert words([Rule("f1", MAX_DROP, 0)], before, after) == "PASS: f1 0.5 is not worse than the baseline's 0.4."
    assert words([Rule("f1", MAX_DROP, -0.1)], after, before) == (
        "FAIL: f1 0.4 is not at least 0.1 better than the baseline's 0.5."
    )


def test_numbers_that_look_alike_are_shown_in_full() -> None:
    """No sentence says that 0.95 is below 0.95."""
    assert words([Rule("f1", MIN, 0.95)], evidence(f1=0.94999)) == "FAIL: f1 0.94999 is below 0.95."


def test_a_rule_holds_in_every_slice() -> None:
    """One value that fails fails the rule, and the sentence names it."""
    candidate = evidence(f1=0.9, slices={"country": {"DE": 0.9, "FR": 0.7, "": 0.95}})
    verdict = decide([Rule("f1", MIN, 0.8, slice="country")], candidate, None)
    assert verdict.sentence == "FAIL: f1 0.7 where country is FR is below 0.8."
    assert [each.slice_value for each in verdict.rules] == ["", "DE", "FR"]


def test_a_sentence_is_one_line_whatever_the_slices_hold() -> None:
    """A value with a line end, or a terminal's commands, is quoted; a long one is cut."""
    for value, said in (("a\nPASS: b", r"'a\nPASS: b'"), ("\x1b[2J", r"'\x1b[2J'"), ("x" * 90, f"'{'x' * 39}…'")):
        candidate = evidence(f1=0.9, slices={"country": {value: 0.7}})
        text = words([Rule("f1", MIN, 0.8, slice="country")], candidate)
        assert text == f"FAIL: f1 0.7 where country is {said} is below 0.8."


def test_a_rule_holds_on_every_dataset() -> None:
    """Without a dataset's name a rule is for all of them; with one for that only."""
    both = evidence(f1=0.9)
    both = replace(both, datasets={**both.datasets, "late": DatasetEvidence("sha256:e", Figures(50, {"f1": 0.6}))})
    assert words([Rule("f1", MIN, 0.8)], both) == "FAIL: f1 0.6 on late is below 0.8."
    assert words([Rule("f1", MIN, 0.8, dataset="test")], both) == "PASS: f1 0.9 on test is at least 0.8."


def test_long_sentences_are_cut() -> None:
    """A gate of many slices stays one sentence."""
    candidate = evidence(f1=0.9, slices={"country": {f"c{number}": 0.9 for number in range(9)}})
    sentence = words([Rule("f1", MIN, 0.8, slice="country")], candidate)
    assert sentence.endswith("f1 0.9 where country is c3 is at least 0.8, and 5 more likewise.")


def test_first_release() -> None:
    """Relative rules are waived only where there is no baseline and the gate says so, and the sentence tells it."""
    rules = [Rule("f1", MIN, 0.8), Rule("f1", MAX_DROP, 0.01)]
    verdict = decide(rules, evidence(f1=0.9), None, first_release=True)
    assert verdict.sentence == ("PASS: f1 0.9 is at least 0.8; 1 relative rule waived: no baseline yet.")
    assert verdict.first_release
    assert [each.waived for each in verdict.rules] == [False, True]
    assert not decide(rules, evidence(f1=0.9), evidence("b", f1=0.9), first_release=True).first_release
    failing = decide(rules, evidence(f1=0.7), None, first_release=True)
    assert failing.status is Status.FAIL


def test_evidence_digest() -> None:
    """The digest is the same for the same evidence, and another when anything that counts is another."""
    rules = [Rule("f1", MIN, 0.8), Rule("f1", MAX_DROP, 0.01)]
    gone = Unavailable("no file /somewhere/1f3a", "the package is not sound", "sha256:p")
    digests = [
        decide(rules, evidence(f1=0.9), gone).evidence,
        decide(rules[:1], evidence(f1=0.9), gone).evidence,
        decide(rules, evidence(f1=0.91), gone).evidence,
        decide(rules, evidence("sha256:other", f1=0.9), gone).evidence,
        decide(rules, evidence(f1=0.9), replace(gone, digest="sha256:q")).evidence,
        decide(rules, evidence(f1=0.9), None).evidence,
        decide(rules, evidence(f1=0.9), None, first_release=True).evidence,
        decide(rules, evidence(f1=0.9), gone, minimum_rows=2).evidence,
        decide(rules, evidence(f1=float("nan")), gone).evidence,
    ]
    assert len(set(digests)) == len(digests)
    elsewhere = replace(gone, reason="no file /elsewhere/77b0")
    assert decide(rules, evidence(f1=0.9), elsewhere).evidence == digests[0]


def test_rules_from_settings() -> None:
    """A record may bound a metric in several ways; each is a rule of its own."""
    record = {"metric": "f1", "min": 0.8, "max": None, "max_drop": 0.01, "dataset": None, "slice": "country"}
    assert rules_of([record]) == (
        Rule("f1", MIN, 0.8, slice="country"),
        Rule("f1", MAX_DROP, 0.01, slice="country"),
    )


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ("f1 > 0.9", "the gate's rules are not a list"),
        ([3], "rule 1 is not a mapping"),
        ([{"min": 0.5}], "rule 1 names no metric"),
        ([{"metric": "f1"}], "rule 1 on f1 bounds nothing"),
        ([{"metric": "f1", "min": True}], "rule 1 on f1: min is True, not a finite number"),
        ([{"metric": "f1", "min": float("nan")}], "rule 1 on f1: min is nan, not a finite number"),
        ([{"metric": "f1", "max_drop": float("inf")}], "rule 1 on f1: max_drop is inf, not a finite number"),
        ([{"metric": "f1", "min": "0.9"}], "rule 1 on f1: min is '0.9', not a finite number"),
        ([{"metric": "f1", "min": 95}], "rule 1: min is 95, but f1 is between 0 and 1"),
        ([{"metric": "r2", "max": 2}], "rule 1: max is 2, but r2 is at most 1"),
        ([{"metric": "rmse", "min": -1}], "rule 1: min is -1, but rmse is at least 0"),
        ([{"metric": "f1", "min": 0.5, "slice": 3}], "rule 1: slice is not text"),
    ],
)
def test_rules_that_mean_nothing(rules: object, message: str) -> None:
    """A rule that could always or never hold, or bounds nothing, is refused."""
    with pytest.raises(UsageError) as error:
        rules_of(cast("Value", rules))
    assert error.value.message == message


def test_a_verdict_that_contradicts_itself_is_refused() -> None:
    """A file that says that a failure passes is no verdict."""
    text = '{"version": 1, "status": "%s", "passes": true, "sentence": "", "evidence": "e", "model": "m"%s}'
    assert read_verdict(text % ("PASS", ""), "verdict.json").passes
    assert read_verdict(text % ("UNDECIDED", ', "decision": "seen by hand"'), "verdict.json").passes
    for status, decision in (("FAIL", ""), ("FAIL", ', "decision": "x"'), ("UNDECIDED", ', "decision": " "')):
        with pytest.raises(DataError):
            read_verdict(text % (status, decision), "verdict.json")
    with pytest.raises(DataError):
        read_verdict("[]", "verdict.json")
