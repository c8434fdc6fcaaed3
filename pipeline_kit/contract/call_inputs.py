"""What every stage that calls the project's code shares: the inputs by name, and a failed call as a result."""

from __future__ import annotations

import math
import signal
from collections.abc import Mapping
from pathlib import Path

from pipeline_kit.contract.context import StageContext
from pipeline_kit.contract.digest import digest_file, digest_json
from pipeline_kit.contract.ports import UserReport
from pipeline_kit.contract.result import Outcome, Output, StageResult
from pipeline_kit.errors import Category

REASON_LIMIT = 300
"""A reason is one readable sentence: characters kept of the output of the project's code."""
GENERATED = {".git", ".pipeline-kit", "__pycache__"}
"""Folders that a run makes or changes: no part of the code."""


def named_inputs(context: StageContext) -> dict[str, Path]:
    """The files that a call of the project's code is given, by name.

    `data.NAME` for every dataset of the job, `JOB.OUTPUT` for every output of an upstream job, and the bare
    output name and kind for the nearest job that has one ("model"); where both fit, the name wins.
    """
    made = [
        (job, name, output.kind, upstream.files[name])
        for job, upstream in context.upstream.items()
        for name, output in upstream.record.outputs.items()
        if name in upstream.files
    ]
    inputs = {kind: path for _, _, kind, path in made}
    inputs.update({name: path for _, name, _, path in made})
    inputs.update({f"{job}.{name}": path for job, name, _, path in made})
    inputs.update({f"data.{data.spec.name}": data.path for data in context.datasets.values()})
    return inputs


def user_failure(report: UserReport) -> StageResult | None:
    """The failed result of a call that did not end well, or None where it did.

    The reason is the exception's line, else the last line the process wrote, else its exit code.
    """
    completed = report.completed
    if completed.timed_out:
        return _failed(f"the project's code ran into the time limit after {completed.seconds:.0f} s", Category.TIMEOUT)
    if report.exception is not None:
        return _failed(_one_line(report.exception), Category.PROJECT)
    if completed.exit_code == 0:
        return None
    if completed.exit_code < 0:
        return _failed(*_ended_by(-completed.exit_code))
    last = next((line for line in reversed(completed.tail) if line.strip()), "")
    output = f": {_one_line(last)}" if last else ""
    return _failed(f"the project's code ended with exit code {completed.exit_code}{output}", Category.PROJECT)


def missing_output(outputs: Mapping[str, Path]) -> str | None:
    """The fault of the first output that is missing, empty, or behind a link; or None.

    A folder behind a link would be evaluated at its target, and not travel to the job that packs the model.
    """
    for name, path in sorted(outputs.items()):
        if not path.exists():
            return f"output {name} was not made: {path.name} is missing"
        entries = [path, *path.rglob("*")]
        linked = next((entry for entry in entries if entry.is_symlink() and not entry.is_file()), None)
        if linked is not None:
            return f"output {name} holds the link {linked.name}, which leads to no file: write plain files and folders"
        files = [entry for entry in entries if entry.is_file()]
        if not any(file.stat().st_size for file in files):
            return f"output {name} is empty: {path.name}"
    return None


def collected(context: StageContext, outputs: Mapping[str, Path]) -> dict[str, Output]:
    """The outputs that the project's code made, of the kind that the plan takes them for: `model` is a model."""
    return {
        name: Output(path.relative_to(context.out).as_posix(), "model" if name == "model" else "data")
        for name, path in outputs.items()
    }


def code_digest(context: StageContext) -> str:
    """The digest of the workspace without its datasets: code and configuration, whatever git says of them."""
    data = {dataset.path for dataset in context.datasets.values()}
    files = {}
    for path in context.workspace.rglob("*"):
        relative = path.relative_to(context.workspace)
        if path.is_file() and path not in data and not GENERATED.intersection(relative.parts):
            files[relative.as_posix()] = digest_file(path)
    return digest_json(files)


def finite(metrics: Mapping[str, float]) -> dict[str, float | int | str | bool]:
    """The metrics that are numbers, as measurements: NaN and infinity are never recorded as if they were."""
    return {name: value for name, value in metrics.items() if math.isfinite(value)}


def _ended_by(number: int) -> tuple[str, Category]:
    """The reason and category of a process that a signal ended."""
    known = {item.value: item.name for item in signal.Signals}
    name = known.get(number, f"signal {number}")
    if number in (signal.SIGINT, signal.SIGTERM):
        return f"the project's code was interrupted ({name})", Category.INTERRUPTED
    hint = ": the machine may have run out of memory" if number == signal.SIGKILL else ""
    return f"the project's code was killed by {name}{hint}", Category.PROJECT


def _failed(reason: str, category: Category) -> StageResult:
    return StageResult(Outcome.FAILED, reason, category)


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= REASON_LIMIT else line[: REASON_LIMIT - 1] + "…"
