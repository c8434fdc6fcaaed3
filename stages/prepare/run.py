"""The preparation: one call of the project's code, and a look at what came out."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path

from pipeline_kit.contract.call_inputs import code_digest, collected, missing_output, named_inputs, user_failure
from pipeline_kit.contract.context import StageContext
from pipeline_kit.contract.digest import digest_tree
from pipeline_kit.contract.ports import UserCall
from pipeline_kit.contract.result import Case, Outcome, Output, StageResult
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.errors import Category, UsageError

from .fitted import DELIMITERS, check_fitted
from .settings import settings_of

REPORT = "report"


def run(context: StageContext) -> StageResult:
    """Passed when the code ended well, every declared output holds something, and what is `fitted` holds.

    Raises UsageError when the job declares no outputs.
    """
    settings = settings_of(context.settings)
    outputs = {name: path for name, path in context.outputs.items() if name != REPORT}
    if not outputs:
        hint = "declare what it makes: outputs: {train: train.csv}"
        raise UsageError(f"job {context.job}: prepare declares no outputs", hint=hint)
    call = UserCall(
        name=context.job,
        entry=settings.call.run,
        parameters=settings.call.parameters,
        seed=settings.call.seed,
        inputs=named_inputs(context),
        outputs=outputs,
    )
    for path in outputs.values():
        path.parent.mkdir(parents=True, exist_ok=True)
    report = context.python().call(call, cwd=context.workspace)
    failed = user_failure(report)
    if failed is not None:
        return failed
    if missing := missing_output(outputs):
        return StageResult(Outcome.FAILED, missing, Category.PROJECT)
    cases = check_fitted(context, call, settings.fitted, settings.reference) if settings.fitted else ()
    return _result(context, call, dict(report.metrics), cases)


def _result(
    context: StageContext, call: UserCall, metrics: Mapping[str, float | int | str | bool], cases: tuple[Case, ...]
) -> StageResult:
    made = {name: described(path) for name, path in call.outputs.items()}
    facts: dict[str, Value] = {
        "code_digest": code_digest(context),
        "parameters": call.parameters,
        "seed": call.seed,
        "run": call.entry,
    }
    target = context.outputs.get(REPORT, context.out / "prepared.json")
    document: Value = {"version": 1, **facts, "inputs": _digests(context), "outputs": made}
    content = json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    target.write_text(content + "\n", encoding="utf-8")
    kinds = collected(context, call.outputs)
    kinds[REPORT] = Output(target.relative_to(context.out).as_posix(), "report")
    broken = [case.failure for case in cases if case.failure is not None]
    if broken:
        return StageResult(Outcome.FAILED, broken[0], Category.DATA, metrics, kinds, cases, facts)
    reason = "; ".join(f"{name}: {_words(entry)}" for name, entry in made.items())
    return StageResult(Outcome.PASSED, reason, None, metrics, kinds, cases, facts)


def _digests(context: StageContext) -> dict[str, Value]:
    """The digests of everything the code was given: datasets and upstream outputs."""
    data = {f"data.{dataset.spec.name}": dataset.digest for dataset in context.datasets.values()}
    made = {
        f"{job}.{name}": output.digest
        for job, upstream in context.upstream.items()
        for name, output in upstream.record.outputs.items()
    }
    return {**made, **data}


def described(path: Path) -> dict[str, Value]:
    """An output for the report: digest and bytes, and rows and columns of a CSV or TSV file."""
    files = [path] if path.is_file() else [item for item in path.rglob("*") if item.is_file()]
    entry: dict[str, Value] = {"digest": digest_tree(path), "bytes": sum(file.stat().st_size for file in files)}
    if path.is_dir():
        entry["files"] = len(files)
    elif path.suffix.lower() in DELIMITERS:
        entry.update(_table(path))
    return entry


def _table(path: Path) -> dict[str, Value]:
    """Rows and columns; nothing where the file is not the table that its ending says."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, delimiter=DELIMITERS[path.suffix.lower()])
            columns = next(reader, [])
            return {"columns": list(columns), "rows": sum(1 for row in reader if row)}
    except (UnicodeDecodeError, csv.Error):
        return {}


def _words(entry: Mapping[str, Value]) -> str:
    columns = entry.get("columns")
    if isinstance(columns, list):
        return f"{entry['rows']} rows, {len(columns)} columns"
    files = f"{entry['files']} files, " if "files" in entry else ""
    return f"{files}{entry['bytes']} bytes"
