"""The decision of a gate: rules and evidence to a verdict. Pure, and it fails closed.

Whatever is missing, undefined, not a finite number, too thin or of other rows is undecided, never passed.
Numbers are compared exactly as they are written in decimal: 0.98 - 0.97 is 0.01, not a bit more.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from pipeline_kit.contract.digest import digest_json
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.gates.evidence import DatasetEvidence, Evidence, Figures, plain
from pipeline_kit.gates.metrics import METRICS, Direction, Metric, Score, Undefined
from pipeline_kit.gates.rules import Bound, Rule
from pipeline_kit.gates.verdict import RuleResult, Status, Verdict, sentence

LONGEST_SPOKEN = 40


@dataclass(frozen=True, slots=True)
class Unavailable:
    """A baseline that is there, or should be, and could not be scored.

    `reason` is one clause for people. `fault` says the same in fixed words without paths or times: it is part of
    the evidence, whose digest must be the same when the job is run again.
    """

    reason: str
    fault: str
    digest: str | None = None  # of the package, where it was found


Baseline = Evidence | Unavailable | None
"""The baseline's figures; why they could not be had; or None where there is no baseline."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a rule is judged: a dataset and a slice's value, and the words for both."""

    dataset: str | None = None
    slice_value: str | None = None
    words: str = ""


def decide(
    rules: Sequence[Rule],
    candidate: Evidence,
    baseline: Baseline,
    *,
    minimum_rows: int = 1,
    first_release: bool = False,
) -> Verdict:
    """The verdict on the candidate.

    A rule without a dataset must hold on every one; a rule with a slice column in every value of it. Rows behind
    any figure must be at least `minimum_rows`. `first_release` waives relative rules, only where `baseline` is None.
    """
    waive = first_release and baseline is None
    results: list[RuleResult] = []
    for rule in rules:
        if waive and rule.bound.relative:
            results.append(_waived(rule))
        else:
            results.extend(_results(rule, candidate, baseline, max(1, minimum_rows)))
    status, otherwise = _status(results)
    evidence: Value = {
        "rules": [[rule.metric, rule.bound.value, plain(rule.limit), rule.dataset, rule.slice] for rule in rules],
        "minimum_rows": minimum_rows,
        "first_release": first_release,
        "candidate": candidate.value(),
        "baseline": _baseline_value(baseline),
    }
    text = sentence(status, results, otherwise)
    return Verdict(status, text, digest_json(evidence), candidate.model, tuple(results), waive)


def _status(results: Sequence[RuleResult]) -> tuple[Status, str]:
    judged = [each.status for each in results if not each.waived]
    if not results:
        return Status.UNDECIDED, "no rule was given"
    if not judged:
        return Status.UNDECIDED, "no rule was judged, and a first release needs one that is absolute"
    for status in (Status.FAIL, Status.UNDECIDED):
        if status in judged:
            return status, ""
    return Status.PASS, ""


def _baseline_value(baseline: Baseline) -> Value:
    if isinstance(baseline, Unavailable):
        return {"fault": baseline.fault, "package": baseline.digest}
    return baseline.value() if baseline else None


def _waived(rule: Rule) -> RuleResult:
    predicate = f"is not held to {rule.bound.value}: there is no baseline yet"
    return RuleResult(rule, Status.PASS, rule.metric, predicate, rule.dataset, waived=True)


def _results(rule: Rule, candidate: Evidence, baseline: Baseline, minimum_rows: int) -> Iterator[RuleResult]:
    names = list(candidate.datasets) if rule.dataset is None else [rule.dataset]
    if not names:
        yield _undecided(rule, _Place(), "the model was evaluated on no dataset")
    for name in names:
        place = _Place(name, words=f" on {name}" if len(candidate.datasets) != 1 else "")
        ours = candidate.datasets.get(name)
        if ours is None:
            yield _undecided(rule, place, f"the model was not evaluated on the dataset {name!r}")
            continue
        theirs = _their_dataset(name, ours, candidate, baseline) if rule.bound.relative else None
        if isinstance(theirs, Undefined):
            yield _undecided(rule, place, theirs.reason)
        elif rule.slice is None:
            yield _judge(rule, place, ours.overall, theirs.overall if theirs else None, minimum_rows)
        else:
            yield from _slices(rule, place, ours, theirs, minimum_rows)


def _their_dataset(
    name: str, ours: DatasetEvidence, candidate: Evidence, baseline: Baseline
) -> DatasetEvidence | Undefined:
    """The baseline's figures on the same rows by the same evaluator, or why there are none."""
    if baseline is None:
        return Undefined("there is no baseline to compare with")
    if isinstance(baseline, Unavailable):
        return Undefined(f"the baseline could not be scored: {baseline.reason}")
    theirs = baseline.datasets.get(name)
    if theirs is None:
        return Undefined(f"the baseline was not evaluated on the dataset {name!r}")
    if not ours.digest or ours.digest != theirs.digest:
        return Undefined("the baseline was scored on other data")
    if (candidate.task, candidate.positive, candidate.bins) != (baseline.task, baseline.positive, baseline.bins):
        return Undefined("the baseline was scored in another way")
    if _row_count(ours.overall) != _row_count(theirs.overall):
        return Undefined(f"the baseline was scored on {theirs.overall.rows} rows, not on {ours.overall.rows}")
    return theirs


def _slices(
    rule: Rule, place: _Place, ours: DatasetEvidence, theirs: DatasetEvidence | None, minimum_rows: int
) -> Iterator[RuleResult]:
    column = rule.slice or ""
    mine = ours.slices.get(column)
    if not mine:
        yield _undecided(rule, place, f"there are no slices by {column!r}")
        return
    other = theirs.slices.get(column, {}) if theirs else {}
    for value in sorted({*mine, *other}):
        here = replace(place, slice_value=value, words=f"{place.words} where {column} is {_spoken(value)}")
        if value not in mine:
            yield _undecided(rule, here, "the baseline has this slice and the model has not")
        elif theirs and value not in other:
            yield _undecided(rule, here, "the model has this slice and the baseline has not")
        else:
            yield _judge(rule, here, mine[value], other.get(value), minimum_rows)


def _spoken(value: str) -> str:
    """A slice's value as one sentence can hold it: what is long, or would break the line, is quoted and cut."""
    if value.isprintable() and len(value) <= LONGEST_SPOKEN:
        return value or "empty"
    return repr(value if len(value) <= LONGEST_SPOKEN else value[: LONGEST_SPOKEN - 1] + "…")


def _judge(rule: Rule, place: _Place, ours: Figures, theirs: Figures | None, minimum_rows: int) -> RuleResult:
    value = _trusted(ours, rule.metric, minimum_rows)
    if isinstance(value, Undefined):
        return _undecided(rule, place, value.reason)
    if not _is_number(rule.limit):
        return _undecided(rule, place, f"the rule's limit is {rule.limit!r}")
    if not rule.bound.relative:
        return _judge_absolute(rule, place, value)
    metric = METRICS.get(rule.metric)
    if metric is None:
        return _undecided(rule, place, "the kit does not know which way it is better, so a drop has no meaning")
    if theirs is None or _row_count(theirs) != _row_count(ours):
        return _undecided(rule, place, "the baseline was scored on another number of rows")
    before = _trusted(theirs, rule.metric, minimum_rows)
    if isinstance(before, Undefined):
        return _undecided(rule, place, f"for the baseline, {before.reason}")
    if rule.bound is Bound.MAXIMUM_RELATIVE_DROP and before == 0:
        return _undecided(rule, place, "the baseline's is 0, and nothing is a share of 0")
    return _judge_drop(rule, place, metric, value, before)


def _judge_absolute(rule: Rule, place: _Place, value: float) -> RuleResult:
    least = rule.bound is Bound.MINIMUM
    holds = value >= rule.limit if least else value <= rule.limit
    words = {(True, True): "at least", (True, False): "below", (False, True): "at most", (False, False): "above"}
    predicate = f"is {words[least, holds]} {shown(rule.limit)}"
    subject = f"{rule.metric} {shown(value, rule.limit)}{place.words}"
    status = Status.PASS if holds else Status.FAIL
    return RuleResult(rule, status, subject, predicate, place.dataset, place.slice_value, value)


def _judge_drop(rule: Rule, place: _Place, metric: Metric, value: float, before: float) -> RuleResult:
    drop = _exact(before) - _exact(value)
    if metric.direction is Direction.LOWER:
        drop = -drop
    relative = rule.bound is Bound.MAXIMUM_RELATIVE_DROP
    if relative:
        drop /= abs(_exact(before))
    holds = drop <= _exact(rule.limit)
    amount = _share if relative else shown
    limit, theirs = amount(abs(rule.limit)), f"the baseline's {shown(before, value)}"
    if rule.limit < 0:
        predicate = f"is {'' if holds else 'not '}at least {limit} better than {theirs}"
    elif holds:
        predicate = f"is within {limit} of {theirs}" if rule.limit else f"is no worse than {theirs}"
    else:
        predicate = f"is {amount(float(drop))} worse than {theirs}, more than {limit}"
    status = Status.PASS if holds else Status.FAIL
    subject = f"{rule.metric} {shown(value, before)}{place.words}"
    return RuleResult(rule, status, subject, predicate, place.dataset, place.slice_value, value, before)


def _trusted(figures: Figures, name: str, minimum_rows: int) -> Score:
    """A figure's value if it can be judged by, or why not."""
    rows = _row_count(figures)
    if rows is None or rows < 1:
        return Undefined(f"it is of {figures.rows!r} rows")
    if rows < minimum_rows:
        return Undefined(f"{rows} rows are fewer than the {minimum_rows} that are asked for")
    if name in figures.undefined:
        return Undefined(f"it is undefined: {figures.undefined[name]}")
    if name not in figures.metrics:
        return Undefined("it was not measured")
    value = figures.metrics[name]
    if not isinstance(value, int | float) or not _is_number(value):
        return Undefined(f"it is {value!r}, not a finite number")
    known = METRICS.get(name)
    if known and not known.holds(value):
        return Undefined(f"it is {value!r}, but can only be {known.range_text()}")
    return float(value)


def _row_count(figures: Figures) -> int | None:
    rows = figures.rows
    return rows if isinstance(rows, int) and not isinstance(rows, bool) else None


def _is_number(value: float) -> bool:
    if isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number that no float can hold
        return False


def _undecided(rule: Rule, place: _Place, reason: str) -> RuleResult:
    subject = f"{rule.metric}{place.words}"
    return RuleResult(rule, Status.UNDECIDED, subject, f"cannot be judged: {reason}", place.dataset, place.slice_value)


def _exact(value: float) -> Fraction:
    return Fraction(repr(float(value)))


def shown(value: float, beside: float | None = None) -> str:
    """A number in four digits; in all of them where it would otherwise look like the one beside it."""
    text = f"{value:.4g}"
    return repr(value) if beside is not None and value != beside and text == f"{beside:.4g}" else text


def _share(value: float) -> str:
    return f"{value * 100:.4g} %"
