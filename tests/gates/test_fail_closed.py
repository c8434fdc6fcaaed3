"""Code from outside that is wrong: whatever a metric or a rule does, the gate does not pass by it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pipeline_kit.descriptor.parameter import Parameter
from pipeline_kit.gates.decide import decide
from pipeline_kit.gates.evaluate import measure
from pipeline_kit.gates.evidence import DatasetEvidence, Evidence, Figures
from pipeline_kit.gates.judgement import Judgement, Needs, Status, Undecided
from pipeline_kit.gates.metric import Direction, Metric, Undefined
from pipeline_kit.gates.rows import Rows
from pipeline_kit.gates.rule import Rule, RuleEvidence, RuleRecord
from pipeline_kit.gates.rules.min import MIN
from pipeline_kit.gates.task import Task

ROWS = Rows(Task.REGRESSION, np.array([1.0, 2.0]), np.array([1.0, 3.0]))
EVIDENCE = Evidence("sha256:m", {"test": DatasetEvidence("sha256:d", Figures(100, {"f1": 0.9, "profit": 7.0}))})


def raises(*given: object) -> Any:
    raise ZeroDivisionError("division by zero\n\x1b[2J")


METRICS: dict[str, tuple[Callable[[Rows], Any], str]] = {
    "an exception": (raises, "its computation raised ZeroDivisionError: division by zero [2J"),
    "nan": (lambda rows: float("nan"), "its computation returned nan, not a finite number"),
    "infinity": (lambda rows: float("inf"), "its computation returned inf, not a finite number"),
    "numpy's nan": (lambda rows: np.float64("nan"), "not a finite number"),
    "no float can hold it": (lambda rows: 10**400, "its computation raised OverflowError"),
    "true": (lambda rows: True, "its computation returned True, not a finite number"),
    "numpy's true": (lambda rows: np.bool_(True), "not a finite number"),
    "text": (lambda rows: "0.99", "its computation returned '0.99', not a finite number"),
    "nothing": (lambda rows: None, "its computation returned None, not a finite number"),
    "a list": (lambda rows: [0.9], "its computation returned [0.9], not a finite number"),
    "rows without probabilities": (lambda rows: rows.class_probabilities, "let the metric declare needs_probabilities"),
}


@pytest.mark.parametrize("fault", METRICS)
def test_a_metric_that_is_not_a_number_is_undefined(fault: str) -> None:
    """With the reason in one line, which the gate repeats."""
    compute, reason = METRICS[fault]
    value = measure(metric(compute), ROWS)
    assert isinstance(value, Undefined)
    assert reason in value.reason
    assert value.reason.isprintable()


def metric(compute: Callable[[Rows], Any]) -> Metric:
    return Metric("profit", Direction.HIGHER, None, None, frozenset({Task.REGRESSION}), "Money.", compute)


def test_a_metric_of_numpy_is_a_plain_number() -> None:
    """Whatever type of float it is, the document of metrics has a number of JSON."""
    value = measure(metric(lambda rows: np.float32(0.5)), ROWS)
    assert (type(value), value) == (float, 0.5)


class Kind:
    """A kind of rule that answers as it is told."""

    name = "odd"
    needs = Needs.CANDIDATE
    parameters: tuple[Parameter, ...] = ()

    def __init__(self, answer: Callable[[RuleEvidence], Any]) -> None:
        self.answer = answer

    def parse(self, record: RuleRecord) -> int:
        return 1

    def written(self, terms: int) -> dict[str, int]:
        return {"odd": terms}

    def title(self, terms: int) -> str:
        return "odd"

    def judge(self, terms: int, evidence: RuleEvidence) -> Judgement | Undecided:
        answer: Judgement | Undecided = self.answer(evidence)
        return answer


RULES: dict[str, tuple[Callable[[RuleEvidence], Any], str]] = {
    "an exception": (raises, "the rule odd raised ZeroDivisionError: division by zero [2J"),
    "nan": (lambda evidence: float("nan"), "the rule odd returned nan, not a judgement"),
    "true": (lambda evidence: True, "the rule odd returned True, not a judgement"),
    "nothing": (lambda evidence: None, "the rule odd returned None, not a judgement"),
    "a judgement that is nan": (
        lambda evidence: Judgement(float("nan"), "7", "is good"),  # type: ignore[arg-type]
        "not a judgement",
    ),
    "a judgement that is one": (
        lambda evidence: Judgement(1, "7", "is good"),  # type: ignore[arg-type]
        "not a judgement",
    ),
    "a judgement without words": (
        lambda evidence: Judgement(True, 7, None),  # type: ignore[arg-type]
        "not a judgement",
    ),
    "undecided without words": (
        lambda evidence: Undecided(None),  # type: ignore[arg-type]
        "cannot be judged: None",
    ),
    "evidence that it does not say it needs": (lambda evidence: evidence.baseline, "let it say Needs.BASELINE"),
    "rows that it does not say it needs": (lambda evidence: list(evidence.rows), "let it say Needs.ROWS"),
}


@pytest.mark.parametrize("fault", RULES)
def test_a_rule_that_does_not_judge_is_undecided(fault: str) -> None:
    """Also beside a rule that holds, and with the reason in one line."""
    answer, reason = RULES[fault]
    rules = [Rule("f1", MIN, 0.8), Rule("profit", Kind(answer), 1)]
    verdict = decide(rules, EVIDENCE, None)
    assert (verdict.status, verdict.passes) == (Status.UNDECIDED, False)
    assert reason in verdict.sentence
    assert verdict.sentence.isprintable()


def test_a_rule_is_not_asked_about_a_figure_that_cannot_be_trusted() -> None:
    """It sees finite figures only, so a careless comparison with NaN cannot pass."""
    seen: list[float] = []

    def careless(evidence: RuleEvidence) -> Judgement:
        seen.append(evidence.candidate)
        return Judgement(not evidence.candidate < 5, "much", "is enough")

    for value in (float("nan"), float("inf"), None, "7"):
        test = DatasetEvidence("sha256:d", Figures(100, {"profit": value}))
        verdict = decide([Rule("profit", Kind(careless), 1)], Evidence("sha256:m", {"test": test}), None)
        assert verdict.status is Status.UNDECIDED
    assert seen == []
    assert decide([Rule("profit", Kind(careless), 1)], EVIDENCE, None).sentence == "PASS: profit much is enough."
