"""The summary: a run as one value, and its documents read with care."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_kit.contract.result import Case, Outcome
from pipeline_kit.contract.spec import Shape
from pipeline_kit.report.documents import checks_of, curves_of, metrics_of, verdict_of
from pipeline_kit.report.html import write_html
from pipeline_kit.report.markdown import write_markdown
from pipeline_kit.report.quantities import duration, figure
from pipeline_kit.report.summary import summarise
from pipeline_kit.report.terminal import summary_lines
from tests.report.conftest import METRICS, VERDICT, Run, left

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
KEYS = st.sampled_from(
    [
        "status",
        "sentence",
        "rules",
        "datasets",
        "test",
        "metrics",
        "undefined",
        "confusion",
        "labels",
        "matrix",
        "slices",
        "curves",
        "roc",
        "calibration",
        "rows",
        "checks",
        "dataset",
        "digest",
        "columns",
        "step",
        "rule",
        "baseline",
        "findings",
    ]
)
DOCUMENTS = st.recursive(JSON, lambda inner: st.dictionaries(KEYS, inner, max_size=5), max_leaves=12)


def test_a_run_that_passed_is_told_by_its_verdict(run: Run) -> None:
    """The gate's sentence is the run's."""
    summary = run.summary()
    assert (summary.outcome, summary.sentence) == (Outcome.PASSED, VERDICT["sentence"])
    assert [len(level) for level in summary.levels()] == [2, 2, 1, 1, 1, 1]
    assert summary.commit == "c0ffee" * 6


def test_the_first_failure_is_the_sentence(run: Run) -> None:
    """Whatever the gate would have said, the run ends with what broke it."""
    summary = run.broken("train", "loss became NaN at step 12").summary()
    assert (summary.outcome, summary.sentence) == (Outcome.FAILED, "FAILED: train: loss became NaN at step 12.")
    assert [job.name for job in summary.failed()] == ["train"]


def test_a_failed_gate_is_told_by_its_verdict(run: Run) -> None:
    """A gate that is not met fails its job, and its own words are better than the job's."""
    verdict = {**VERDICT, "status": "FAIL", "sentence": "FAIL: f1 0.9 is below 0.95."}
    broken = run.broken("gate", verdict["sentence"])
    evidence = {**broken.evidence, "gate": left(verdict=verdict)}
    assert summarise(broken.plan, broken.records, evidence).sentence == "FAIL: f1 0.9 is below 0.95."


def test_a_persons_decision_is_told(run: Run) -> None:
    """Who reads the verdict sees that a person stands behind it."""
    verdict = {**VERDICT, "status": "UNDECIDED", "sentence": "UNDECIDED: too few rows.", "decision": "seen by hand"}
    run = Run(run.plan, run.records, {"gate": left(verdict=verdict)})
    assert run.summary().sentence == "UNDECIDED: too few rows. A person decided: seen by hand."


def test_an_undecided_job_without_a_verdict_is_told(run: Run) -> None:
    """Undecided is neither passed nor failed."""
    summary = run.broken("evaluate", "no rows", outcome=Outcome.UNDECIDED).summary()
    assert (summary.outcome, summary.sentence) == (Outcome.UNDECIDED, "UNDECIDED: evaluate: no rows.")


def test_a_run_from_the_cache_says_so(run: Run) -> None:
    """The count tells how many jobs came from the cache."""
    records = {name: replace(record, cached=True) for name, record in run.records.items()}
    assert Run(run.plan, records, {}).summary().sentence == "8 jobs passed, all from the cache."
    records["train"] = replace(records["train"], cached=False)
    assert Run(run.plan, records, {}).summary().sentence == "8 jobs passed, 7 from the cache."


def test_a_job_without_a_record_waits(run: Run) -> None:
    """A run that was broken off is no run that passed."""
    records = {name: record for name, record in run.records.items() if name != "package"}
    summary = Run(run.plan, records, {}).summary()
    assert (summary.outcome, summary.jobs[-1].outcome) == (Outcome.WAITING, Outcome.WAITING)
    assert summary.sentence == "7 jobs passed, 1 job wait."


def test_only_failed_cases_are_kept(run: Run) -> None:
    """A report names what failed; the rest stands in the job's own junit.xml."""
    cases = (Case("good", "a"), Case("bad", "a", failure="no"))
    summary = run.broken("test", "1 of 2 failed").with_cases("test", *cases).summary()
    assert summary.failed()[0].failed_cases == (cases[1],)


def test_the_baseline_stands_beside_its_metric(run: Run) -> None:
    """What the verdict compared with is shown where the metric is; a slice's baseline is not the whole's."""
    (data,) = run.summary().metrics
    assert {metric.name: metric.baseline for metric in data.metrics if metric.baseline is not None} == {"f1": 0.979}
    sliced = {**VERDICT, "rules": [{**VERDICT["rules"][1], "slice_value": "small"}]}
    (data,) = metrics_of(METRICS, verdict_of(sliced))
    assert all(metric.baseline is None for metric in data.metrics)


def test_an_undefined_metric_keeps_its_reason(run: Run) -> None:
    """It is shown as undefined, never as a number."""
    (data,) = run.summary().metrics
    assert [(metric.value, metric.undefined) for metric in data.metrics if metric.name == "ece"] == [
        (None, "the predictions have no probabilities")
    ]


def test_curves_are_over_their_step_or_their_row() -> None:
    """A row's epoch is its place; without one it is counted; what is no number is left out."""
    (loss,) = curves_of({"rows": [{"epoch": 5, "loss": 1}, {"epoch": 6, "loss": None}, {"epoch": 7, "loss": 0.5}]})
    assert (loss.name, loss.points) == ("loss", ((5.0, 1.0), (7.0, 0.5)))
    (loss,) = curves_of({"rows": [{"loss": 1}, {"loss": 0.5}]})
    assert loss.points == ((1.0, 1.0), (2.0, 0.5))


@given(DOCUMENTS)
def test_no_document_breaks_the_reading(document: Any) -> None:
    """Whatever a file holds, a report is made without it."""
    verdict = verdict_of(document)
    for found in (metrics_of(document, verdict), checks_of(document), curves_of(document)):
        assert isinstance(found, tuple)


@given(st.fixed_dictionaries({shape.value: DOCUMENTS for shape in Shape}))
def test_no_document_breaks_the_writing(documents: dict[str, Any]) -> None:
    """The page, the Markdown and the terminal's lines are written whatever the documents of any shape hold."""
    from tests.report.conftest import make_run

    run = make_run()
    summary = summarise(run.plan, run.records, {"train": left(**documents)})
    assert write_html(summary).endswith("</html>\n")
    assert write_markdown(summary).startswith("# ")
    assert summary_lines(summary, Path("report.html"))[-1] == "report: report.html"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (59.4, "59 s"), (61, "1 min 01 s"), (3725, "1 h 02 min")],
)
def test_durations_are_read_at_a_glance(seconds: float, words: str) -> None:
    """Tenths below ten seconds, then what matters."""
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.97, "0.9700"), (0, "0.0000"), (57552896, "57552896"), (1234.5, "1234.5000"), (0.000213, "0.000213")],
)
def test_a_measured_number_is_read_at_a_glance(value: float, words: str) -> None:
    """Bytes have no decimals, and what is tiny is not told as nothing."""
    assert figure(value) == words
    assert figure(value, "+") == f"+{words}"
    assert figure(-1e300) == "-1e+300"
    assert figure(float("inf")) == "inf"


def test_the_summary_of_the_same_records_is_the_same(run: Run) -> None:
    """Nothing of the time or the machine is in it."""
    assert json.dumps(write_html(run.summary())) == json.dumps(write_html(run.summary()))
