"""The data check: every declared dataset alone, then each against the reference."""

from __future__ import annotations

import json

from pipeline_kit.contract.context import StageContext
from pipeline_kit.contract.result import Case, Outcome, Output, StageResult
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.errors import Category

from .compare import compare
from .finding import Findings, case_record
from .quality import check_dataset
from .settings import settings_of

REPORT = "checks.json"


def run(context: StageContext) -> StageResult:
    """Passed when every check of every dataset held; the reason names the first that did not."""
    limits = settings_of(context.settings)
    if not context.datasets:
        return StageResult(Outcome.PASSED, "no dataset is declared")
    alone = [check_dataset(data, limits) for data in context.datasets.values()]
    for findings in alone:
        context.log(_line(findings))
    together, comparisons = compare(context.datasets, limits)
    cases = tuple(case for findings in (*alone, *together) for case in findings.cases)
    report: Value = {
        "version": 1,
        "datasets": {findings.dataset: findings.report for findings in alone},
        "comparisons": comparisons,
        "checks": [case_record(case) for case in cases],
    }
    text = json.dumps(report, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    target = context.place("report", REPORT)
    target.write_text(text + "\n", encoding="utf-8")
    return _result(cases, alone, context.left("report", target))


def _result(cases: tuple[Case, ...], alone: list[Findings], report: Output) -> StageResult:
    failed = [case for case in cases if case.failure is not None]
    rows = {
        f"rows.{finding.dataset}": count for finding in alone if isinstance(count := finding.report.get("rows"), int)
    }
    measurements = {"checks": len(cases), "failed": len(failed), **rows}
    outputs = {"report": report}
    facts: dict[str, Value] = {"digests": {finding.dataset: finding.report["digest"] for finding in alone}}
    if failed:
        first = failed[0]
        reason = f"{len(failed)} of {len(cases)} checks failed: data.{first.group}: {first.name}: {first.failure}"
        return StageResult(Outcome.FAILED, reason, Category.DATA, measurements, outputs, cases, facts)
    reason = f"{len(cases)} checks of {len(alone)} dataset{'s' if len(alone) > 1 else ''} held"
    skipped = sum(case.skipped is not None for case in cases)
    if skipped:
        reason = f"{len(cases) - skipped} checks held, {skipped} could not be made"
    return StageResult(Outcome.PASSED, reason, None, measurements, outputs, cases, facts)


def _line(findings: Findings) -> str:
    failed = [case for case in findings.cases if case.failure is not None]
    rows = findings.report.get("rows", "unknown")
    verdict = f"{len(failed)} failed" if failed else "all held"
    return f"data.{findings.dataset}: {rows} rows, {len(findings.cases)} checks, {verdict}"
