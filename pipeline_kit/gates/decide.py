"""The decision of a gate: rules and evidence to a verdict. Pure, and it fails closed.

Whatever is missing, undefined, not a finite number, too thin or of other rows is undecided, never passed; and so is a
rule that raises or returns anything but a judgement.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline_kit.contract.digest import digest_json
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.extensions import NO_PLUGINS, Plugins
from pipeline_kit.gates.evidence import DatasetEvidence, Evidence, Figures, plain
from pipeline_kit.gates.figures import Baseline, Unavailable, comparable, row_count, trusted
from pipeline_kit.gates.judgement import Judgement, Needs, Status, Undecided
from pipeline_kit.gates.metrics import find_metric
from pipeline_kit.gates.row_results import PairedRows, RowFolders
from pipeline_kit.gates.rule import Rule, RuleEvidence
from pipeline_kit.gates.verdict import RuleResult, Verdict, sentence
from pipeline_kit.gates.wording import one_line, slice_text


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a rule is judged: a dataset and a slice's value, and the words for both."""

    dataset: str | None = None
    slice_value: str | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class _Case:
    """What every rule of a gate is judged on."""

    candidate: Evidence
    baseline: Baseline
    minimum_rows: int
    plugins: Plugins
    pairs: Mapping[str, PairedRows]


def decide(
    rules: Sequence[Rule],
    candidate: Evidence,
    baseline: Baseline,
    *,
    minimum_rows: int = 1,
    first_release: bool = False,
    plugins: Plugins = NO_PLUGINS,
    rows: RowFolders | None = None,
) -> Verdict:
    """The verdict on the candidate.

    A rule without a dataset must hold on every one; a rule with a slice column in every value of it. Rows behind
    any figure must be at least `minimum_rows`. `first_release` waives relative rules, only where `baseline` is None.
    `rows` are read only where a rule needs them.
    """
    waive = first_release and baseline is None
    pairs = _pairs(rules, candidate, baseline, rows)
    case = _Case(candidate, baseline, max(1, minimum_rows), plugins, pairs)
    results: list[RuleResult] = []
    for rule in rules:
        if waive and rule.kind.needs.baseline:
            results.append(_waived(rule))
        else:
            results.extend(_results(rule, case))
    status, otherwise = _status(results)
    evidence: dict[str, Value] = {
        "rules": [[rule.metric, rule.kind.name, _terms(rule), rule.dataset, rule.slice] for rule in rules],
        "minimum_rows": minimum_rows,
        "first_release": first_release,
        "candidate": candidate.value(),
        "baseline": _baseline_value(baseline),
    }
    if any(rule.kind.needs is Needs.ROWS for rule in rules):
        evidence["row_results"] = {name: [pair.candidate.digest, pair.baseline.digest] for name, pair in pairs.items()}
    text = sentence(status, results, otherwise)
    return Verdict(status, text, digest_json(evidence), candidate.model, tuple(results), waive)


def _pairs(
    rules: Sequence[Rule], candidate: Evidence, baseline: Baseline, rows: RowFolders | None
) -> dict[str, PairedRows]:
    """By dataset the row results of both models, where a rule needs them and both have some; nothing is read yet."""
    if rows is None or not isinstance(baseline, Evidence) or all(rule.kind.needs is not Needs.ROWS for rule in rules):
        return {}
    pairs = {}
    for name, ours in candidate.datasets.items():
        theirs = baseline.datasets.get(name)
        if theirs and ours.row_results and theirs.row_results:
            pairs[name] = rows.pair(name, ours.row_results, theirs.row_results)
    return pairs


def _status(results: Sequence[RuleResult]) -> tuple[Status, str]:
    judged = [result.status for result in results if not result.waived]
    if not results:
        return Status.UNDECIDED, "no rule was given"
    if not judged:
        return Status.UNDECIDED, "no rule was judged, and a first release needs one that is absolute"
    for status in (Status.FAIL, Status.UNDECIDED):
        if status in judged:
            return status, ""
    return Status.PASS, ""


def _terms(rule: Rule) -> Value:
    """The rule's fields for the digest of the evidence; of a kind with one field of its own name, the value alone."""
    written = {name: plain(value) for name, value in rule.kind.written(rule.terms).items()}
    return written[rule.kind.name] if set(written) == {rule.kind.name} else written


def _baseline_value(baseline: Baseline) -> Value:
    if isinstance(baseline, Unavailable):
        return {"fault": baseline.fault, "package": baseline.digest}
    return baseline.value() if baseline else None


def _waived(rule: Rule) -> RuleResult:
    predicate = f"is not checked against {rule.kind.name}: no baseline yet"
    return RuleResult(rule, Status.PASS, rule.metric, predicate, rule.dataset, waived=True)


def _results(rule: Rule, case: _Case) -> Iterator[RuleResult]:
    datasets = case.candidate.datasets
    names = list(datasets) if rule.dataset is None else [rule.dataset]
    if not names:
        yield _undecided(rule, _Place(), "the model was evaluated on no dataset")
    for name in names:
        place = _Place(name, words=f" on {name}" if len(datasets) != 1 else "")
        ours = datasets.get(name)
        if ours is None:
            yield _undecided(rule, place, f"the model was not evaluated on the dataset {name!r}")
            continue
        theirs = comparable(name, ours, case.candidate, case.baseline) if rule.kind.needs.baseline else None
        if isinstance(theirs, Undecided):
            yield _undecided(rule, place, theirs.reason)
        elif rule.slice is None:
            yield _judge(rule, place, ours.overall, theirs.overall if theirs else None, case)
        else:
            yield from _slices(rule, place, ours, theirs, case)


def _slices(
    rule: Rule, place: _Place, ours: DatasetEvidence, theirs: DatasetEvidence | None, case: _Case
) -> Iterator[RuleResult]:
    column = rule.slice or ""
    mine = ours.slices.get(column)
    if not mine:
        yield _undecided(rule, place, f"no slices by {column!r}")
        return
    other = theirs.slices.get(column, {}) if theirs else {}
    for value in sorted({*mine, *other}):
        here = replace(place, slice_value=value, words=f"{place.words} where {column} is {slice_text(value)}")
        if value not in mine:
            yield _undecided(rule, here, "the baseline has this slice and the model has not")
        elif theirs and value not in other:
            yield _undecided(rule, here, "the model has this slice and the baseline has not")
        else:
            yield _judge(rule, here, mine[value], other.get(value), case)


def _judge(rule: Rule, place: _Place, ours: Figures, theirs: Figures | None, case: _Case) -> RuleResult:
    evidence = _evidence(rule, place, ours, theirs, case)
    if isinstance(evidence, Undecided):
        return _undecided(rule, place, evidence.reason)
    answer = _answer(rule, evidence)
    if isinstance(answer, Undecided):
        return _undecided(rule, place, answer.reason)
    status = Status.PASS if answer.holds else Status.FAIL
    subject = f"{rule.metric} {one_line(answer.figure)}{place.words}"
    return RuleResult(
        rule,
        status,
        subject,
        one_line(answer.predicate),
        place.dataset,
        place.slice_value,
        candidate=evidence.candidate,
        baseline=evidence.compared,
    )


def _evidence(
    rule: Rule, place: _Place, ours: Figures, theirs: Figures | None, case: _Case
) -> RuleEvidence | Undecided:
    """What the rule needs, as far as it can be trusted."""
    known = find_metric(rule.metric, case.plugins)
    value = trusted(ours, rule.metric, known, case.minimum_rows)
    if isinstance(value, Undecided) or not rule.kind.needs.baseline:
        return value if isinstance(value, Undecided) else RuleEvidence(rule.metric, known, value)
    if theirs is None or row_count(theirs) != row_count(ours):
        return Undecided("the baseline was scored on another number of rows")
    before = trusted(theirs, rule.metric, known, case.minimum_rows)
    if isinstance(before, Undecided):
        return Undecided(f"for the baseline, {before.reason}")
    paired = _paired(rule, place, ours, case) if rule.kind.needs is Needs.ROWS else None
    return paired if isinstance(paired, Undecided) else RuleEvidence(rule.metric, known, value, before, paired)


def _paired(rule: Rule, place: _Place, figures: Figures, case: _Case) -> PairedRows | Undecided:
    """The row results of both models, verified: by digest, by id, and as many as the figures are of."""
    pair = case.pairs.get(place.dataset or "")
    if pair is None:
        return Undecided("row results of both models are missing")
    verified = pair.verified
    if verified.problem:
        return Undecided(verified.problem)
    if rule.slice is None or place.slice_value is None:
        count, chosen = verified.rows, pair
    else:
        count = verified.slices.get((rule.slice, place.slice_value), 0)
        chosen = pair.where(rule.slice, place.slice_value)
    if count != row_count(figures):
        return Undecided(f"there are {count} row results of {figures.rows} rows")
    return chosen


def _answer(rule: Rule, evidence: RuleEvidence) -> Judgement | Undecided:
    """What the rule says; a plugin's may raise, or return anything."""
    try:
        answer: object = rule.kind.judge(rule.terms, evidence)
    except Exception as error:
        return Undecided(one_line(f"the rule {rule.kind.name} raised {type(error).__name__}: {error}"))
    if isinstance(answer, Undecided):
        return Undecided(one_line(answer.reason))
    if not isinstance(answer, Judgement) or not _is_sound(answer):
        return Undecided(one_line(f"the rule {rule.kind.name} returned {answer!r}, not a judgement"))
    return answer


def _is_sound(judgement: Judgement) -> bool:
    """Whether a judgement's fields have the types that it declares, which nothing checks in code from outside."""
    words: tuple[object, ...] = (judgement.figure, judgement.predicate)
    return isinstance(judgement.holds, bool) and all(isinstance(word, str) and word.strip() for word in words)


def _undecided(rule: Rule, place: _Place, reason: str) -> RuleResult:
    subject = f"{rule.metric}{place.words}"
    return RuleResult(rule, Status.UNDECIDED, subject, f"cannot be judged: {reason}", place.dataset, place.slice_value)
