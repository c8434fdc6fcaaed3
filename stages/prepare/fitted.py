"""Proof that an output was fitted on training rows only: it comes out the same without the other rows."""

from __future__ import annotations

import csv
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pipeline_kit.contract.call_inputs import missing_output, user_failure
from pipeline_kit.contract.context import DataInput, StageContext
from pipeline_kit.contract.digest import digest_tree
from pipeline_kit.contract.ports import UserCall
from pipeline_kit.contract.result import Case
from pipeline_kit.errors import UsageError

DELIMITERS = {".csv": ",", ".tsv": "\t"}


def check_fitted(context: StageContext, call: UserCall, names: Sequence[str], reference: str) -> tuple[Case, ...]:
    """A case for each output: held where it has the same bytes although every other dataset's rows are gone.

    Raises UsageError where an output or the reference is not declared.
    """
    unknown = [name for name in names if name not in call.outputs]
    if unknown:
        raise UsageError(f"job {context.job}: fitted names {unknown[0]!r}, which is not an output of the job")
    training = next((dataset for dataset in context.datasets.values() if dataset.spec.name == reference), None)
    if training is None:
        hint = "declare it under data, add it to the job's inputs, or name another with reference"
        raise UsageError(f"job {context.job}: fitted needs the dataset {reference!r}", hint=hint)
    again, failure = _call_again(context, call, training)
    if failure:
        return tuple(_case(name, f"the call without other rows failed: {failure}") for name in names)
    differing = [name for name in names if again.get(name) != digest_tree(call.outputs[name])]
    same, _ = _call_again(context, call, None) if differing else ({}, None)
    return tuple(_case(name, _judge(name, differing, same, call, reference)) for name in names)


def _judge(name: str, differing: Sequence[str], same: Mapping[str, str], call: UserCall, reference: str) -> str | None:
    if name not in differing:
        return None
    if same.get(name) != digest_tree(call.outputs[name]):
        return f"{name} is not deterministic: two calls on the same data gave different bytes"
    return f"{name} depends on rows beside {reference}: without them it came out different"


def _case(name: str, failure: str | None) -> Case:
    return Case(f"{name} is fitted on training rows only", "fitted", failure=failure)


def _call_again(
    context: StageContext, call: UserCall, training: DataInput | None
) -> tuple[Mapping[str, str], str | None]:
    """The outputs' digests of another call in a copy of the workspace, or why it failed.

    With `training` every other dataset there has its rows only.
    """
    with tempfile.TemporaryDirectory(prefix="pipeline-kit-") as name:
        workspace, out = Path(name) / "workspace", Path(name) / "out"
        shutil.copytree(context.workspace, workspace)
        inputs = dict(call.inputs)
        for data in context.datasets.values():
            copied = workspace / data.path.relative_to(context.workspace)
            inputs[f"data.{data.spec.name}"] = copied
            if training is not None and data is not training:
                replace_rows(copied, training.path)
        outputs = {text: out / path.relative_to(context.out) for text, path in call.outputs.items()}
        for path in outputs.values():
            path.parent.mkdir(parents=True, exist_ok=True)
        report = context.python().call(replace(call, inputs=inputs, outputs=outputs), cwd=workspace)
        failed = user_failure(report)
        failure = failed.reason if failed else missing_output(outputs)
        return ({} if failure else {text: digest_tree(path) for text, path in outputs.items()}), failure


def replace_rows(target: Path, training: Path) -> None:
    """Puts the training rows in a dataset's place, under its own columns; a column that training has not is empty.

    A file that is not CSV or TSV becomes a copy of the training file, so both must be of one format.
    Raises UsageError where they are not.
    """
    if target.suffix.lower() not in DELIMITERS or training.suffix.lower() not in DELIMITERS:
        if target.suffix.lower() != training.suffix.lower() or target.is_dir() or training.is_dir():
            hint = "fitted needs datasets of one format, or CSV and TSV"
            raise UsageError(f"{target.name} cannot take the rows of {training.name}", hint=hint)
        shutil.copyfile(training, target)
        return
    with target.open(encoding="utf-8-sig", newline="") as file:
        columns = next(csv.reader(file, delimiter=DELIMITERS[target.suffix.lower()]), [])
    with (
        training.open(encoding="utf-8-sig", newline="") as source,
        target.open("w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.DictWriter(file, columns, extrasaction="ignore", delimiter=DELIMITERS[target.suffix.lower()])
        writer.writeheader()
        reader = csv.DictReader(source, delimiter=DELIMITERS[training.suffix.lower()])
        writer.writerows({name: row.get(name, "") for name in columns} for row in reader)
