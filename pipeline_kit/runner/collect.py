"""Turns a stage's result into the job's record, and writes it, last of all."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from pipeline_kit.adapters.files import write_atomically
from pipeline_kit.contract.digest import digest_tree
from pipeline_kit.contract.result import Case, JobRecord, Outcome, OutputRecord, StageResult
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.errors import ModelError
from pipeline_kit.plan.model import PlannedJob
from pipeline_kit.report.junit import write_junit
from pipeline_kit.runner.folders import JUNIT


def collect(job: PlannedJob, result: StageResult, out: Path) -> JobRecord:
    """The record of a finished stage. Raises ModelError for a reported output that is missing."""
    outputs: dict[str, OutputRecord] = {}
    for name, output in result.outputs.items():
        path = out / output.path
        if not path.resolve().is_relative_to(out.resolve()):
            raise ModelError(f"output {name}: {output.path} leads out of the job's folder")
        if not path.exists():
            raise ModelError(f"output {name}: {output.path} is missing", hint="the project's code must write it")
        outputs[name] = OutputRecord(output.path, output.kind, digest_tree(path), size_of(path))
    left_out = sorted(name for name, value in result.measurements.items() if not is_finite(value))
    note = f" (not finite, left out: {', '.join(left_out)})" if left_out else ""
    return JobRecord(
        job=job.name,
        stage=job.stage,
        outcome=result.outcome,
        reason=result.reason + note,
        category=result.category,
        measurements={name: value for name, value in result.measurements.items() if is_finite(value)},
        outputs=outputs,
        facts=result.facts,
    )


def is_finite(value: float | int | str | bool) -> bool:
    """Whether JSON can hold the value."""
    return not isinstance(value, float) or math.isfinite(value)


def size_of(path: Path) -> int:
    """The size in bytes of a file, or of all files of a folder."""
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def write_cases(record: JobRecord, cases: Sequence[Case], out: Path) -> None:
    """Writes `junit.xml`: a case for the job and one for each of its checks."""
    failed = record.outcome in (Outcome.FAILED, Outcome.UNDECIDED) and not any(case.failure for case in cases)
    job_case = Case(record.job, record.stage, record.seconds, record.reason if failed else None, record.cause or "")
    write_atomically(out / JUNIT, write_junit(record.job, (job_case, *cases)), lasting=False)


def masked_result(result: StageResult, mask: Callable[[str], str]) -> StageResult:
    """The result without secrets, so that nothing made from it can show one."""
    return replace(
        result,
        reason=mask(result.reason),
        measurements={
            mask(name): mask(value) if isinstance(value, str) else value for name, value in result.measurements.items()
        },
        cases=tuple(masked_case(case, mask) for case in result.cases),
        facts={mask(name): masked(fact, mask) for name, fact in result.facts.items()},
    )


def masked_case(case: Case, mask: Callable[[str], str]) -> Case:
    """The case without secrets."""
    failure = None if case.failure is None else mask(case.failure)
    skipped = None if case.skipped is None else mask(case.skipped)
    return Case(mask(case.name), mask(case.group), case.seconds, failure, mask(case.detail), skipped)


def masked(value: Value, mask: Callable[[str], str]) -> Value:
    """The value with every text in it masked."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {mask(str(key)): masked(item, mask) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [masked(item, mask) for item in value]
    return value
