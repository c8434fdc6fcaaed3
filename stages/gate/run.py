"""The gate: reads the evidence, has the baseline scored, decides, and writes the verdict."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pipeline_kit.contract.context import StageContext
from pipeline_kit.contract.digest import digest_file, digest_tree
from pipeline_kit.contract.freshness import refuse_stale
from pipeline_kit.contract.result import Case, Outcome, StageResult
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.errors import Category, DataError, ModelError
from pipeline_kit.gates.decide import decide
from pipeline_kit.gates.evidence import Evidence, read_metrics
from pipeline_kit.gates.row_results import RowFolders
from pipeline_kit.gates.verdict import RuleResult, Status, Verdict

from .baseline import Scored, score_baseline
from .settings import settings_of

ROWS = "row_results"
BASELINE_ROWS = "baseline_rows"


def run(context: StageContext) -> StageResult:
    """Passed on PASS or on a recorded decision, failed on FAIL, else undecided.

    Raises DataError or ModelError if the metrics are damaged, stale, of another model or of other data: they are not
    evidence, and a person's decision cannot let them pass.
    """
    metrics = _output(context, "metrics")
    candidate = _candidate(context, metrics)
    refuse_stale(context)
    settings = settings_of(context.settings, context.plugins)
    rows = _row_folders(context) if settings.needs_rows else None
    scored = Scored(None)
    if settings.baseline:
        scored = score_baseline(context, settings.baseline, candidate, rows.baseline if rows else None)
    verdict = decide(
        settings.rules,
        candidate,
        scored.baseline,
        minimum_rows=settings.minimum_rows,
        first_release=settings.first_release,
        plugins=settings.plugins,
        rows=rows,
    )
    verdict = _decided(context, verdict)
    return _result(context, verdict, scored, {"metrics": digest_file(metrics), "baseline": scored.value()})


def _row_folders(context: StageContext) -> RowFolders | None:
    """Where the row results of both models are; None where the job that made the metrics left none."""
    metrics = context.nearest("metrics")
    if metrics is None:
        return None
    upstream = context.upstream[metrics[0]]
    folders = (upstream.files[name] for name, output in upstream.record.outputs.items() if output.kind == ROWS)
    candidate = next(folders, None)
    return RowFolders(candidate, context.place(BASELINE_ROWS, BASELINE_ROWS)) if candidate else None


def _output(context: StageContext, kind: str) -> Path:
    artifact = context.nearest(kind)
    if artifact is None:
        raise ModelError(f"no job before this one made {kind}", hint="let the gate need an evaluate job")
    return artifact[2]


def _candidate(context: StageContext, metrics: Path) -> Evidence:
    """The evidence. Raises ModelError or DataError where it is not of this model, or not of today's data."""
    try:
        candidate = read_metrics(metrics.read_text(encoding="utf-8"), metrics.name)
    except UnicodeDecodeError as error:
        raise DataError(f"{metrics.name} is not UTF-8 text") from error
    model = digest_tree(_output(context, "model"))
    if candidate.model != model:
        raise ModelError(
            f"{metrics.name} was computed for the model {candidate.model}, but the candidate is {model}",
            hint="run the evaluation again",
        )
    for data in context.datasets.values():
        judged = candidate.datasets.get(data.spec.name)
        if judged and judged.digest != data.digest:
            raise DataError(
                f"{metrics.name} is of other rows of {data.spec.name}: {judged.digest}, not {data.digest}",
                hint="run the evaluation again",
            )
    return candidate


def _decided(context: StageContext, verdict: Verdict) -> Verdict:
    """The verdict with a person's decision, where it is undecided and one is recorded for this very evidence."""
    reason = context.decisions.get(verdict.evidence, "").strip()
    if verdict.status is not Status.UNDECIDED:
        return verdict
    if not reason:
        context.log(f"to pass it nevertheless, record a decision with a reason for the evidence {verdict.evidence}")
        return verdict
    return replace(verdict, decision=reason)


def _result(context: StageContext, verdict: Verdict, scored: Scored, more: Mapping[str, Value]) -> StageResult:
    document = {**verdict.value(), **more}
    target = context.place("verdict", "verdict.json")
    _write(target, document)
    outputs = {"verdict": context.left("verdict", target)}
    if scored.document is not None:
        target = context.place("baseline", "baseline.json")
        _write(target, scored.document)
        outputs["baseline"] = context.left("baseline", target)
    rows = context.place(BASELINE_ROWS, BASELINE_ROWS)
    if rows.is_dir():
        outputs[BASELINE_ROWS] = context.left(BASELINE_ROWS, rows)
    outcome, category = _outcome(verdict)
    decided = f" Passed by a person's decision: {verdict.decision}" if verdict.decision else ""
    return StageResult(
        outcome,
        verdict.sentence + decided,
        category=category,
        measurements=_measurements(verdict),
        outputs=outputs,
        cases=tuple(_case(rule) for rule in verdict.rules),
        facts={**{name: value for name, value in document.items() if name != "rules"}, "verdict": verdict.status.value},
    )


def _outcome(verdict: Verdict) -> tuple[Outcome, Category | None]:
    if verdict.passes:
        return Outcome.PASSED, None
    if verdict.status is Status.FAIL:
        return Outcome.FAILED, Category.MODEL
    return Outcome.UNDECIDED, Category.MODEL


def _measurements(verdict: Verdict) -> dict[str, float | int | str | bool]:
    """The verdict, and what overall rules were judged by: `f1`, `baseline.f1`; by dataset where there are several."""
    overall = [rule for rule in verdict.rules if rule.slice_value is None and rule.candidate is not None]
    several = len({rule_result.dataset for rule_result in overall}) > 1
    result: dict[str, float | int | str | bool] = {"verdict": verdict.status.value}
    for rule_result in overall:
        name = f"{rule_result.dataset}.{rule_result.rule.metric}" if several else rule_result.rule.metric
        if rule_result.candidate is not None:
            result[name] = rule_result.candidate
        if rule_result.baseline is not None:
            result[f"baseline.{name}"] = rule_result.baseline
    return result


def _case(result: RuleResult) -> Case:
    where = "".join(f" {key} {value}" for key, value in (("on", result.dataset), ("for", result.slice_value)) if value)
    name = f"{result.rule.title}{where}"
    if result.waived:
        return Case(name, "gate", skipped=result.text)
    failure = None if result.status is Status.PASS else f"{result.status.value}: {result.text}"
    return Case(name, "gate", failure=failure, detail=result.text)


def _write(path: Path, document: Mapping[str, Value]) -> None:
    written = json.dumps(document, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
    path.write_text(written + "\n", encoding="utf-8")
