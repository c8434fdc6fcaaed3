"""Reading `reports` of a `stage.yml`: which of a stage's outputs the report of a run shows, and as what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline_kit.contract.spec import OutputSpec, ReportSpec, Shape
from pipeline_kit.descriptor.grammar import GRAMMARS
from pipeline_kit.errors import UsageError

REPORT_KEYS = {"output", "as"}
SHOWN_KINDS = {"verdict": Shape.VERDICT, "metrics": Shape.METRICS}
"""Kinds of output whose form the kit knows: where a stage declares no `reports`, these are shown."""


def reports(path: Path, declared: Any, outputs: Sequence[OutputSpec]) -> tuple[ReportSpec, ...]:
    """The reports that a `stage.yml` declares, or its verdict and metrics where it has no key `reports`.

    Raises UsageError naming the file and the report.
    """
    if declared is None:
        known = [output for output in outputs if output.kind in SHOWN_KINDS and output.path.endswith(".json")]
        return tuple(ReportSpec(output.name, output.name, SHOWN_KINDS[output.kind]) for output in known)
    if not isinstance(declared, Mapping):
        raise UsageError(
            f"{path}: reports is not a mapping", hint="such as reports: {sizes: {output: sizes, as: table}}"
        )
    return tuple(report(path, str(name), entry, outputs) for name, entry in declared.items())


def report(path: Path, name: str, document: Any, outputs: Sequence[OutputSpec]) -> ReportSpec:
    """One report of `stage.yml`. Raises UsageError naming the file and the key."""
    where = f"{path}: report {name}"
    if GRAMMARS["name"].complaint(name):
        raise UsageError(f"{where}: the name is not a word", hint="small letters, digits and _, such as slow_tests")
    if not isinstance(document, Mapping):
        raise UsageError(f"{where} is not a mapping", hint="such as {output: sizes, as: table}")
    unknown = sorted(set(map(str, document)) - REPORT_KEYS)
    if unknown:
        raise UsageError(f"{where} has the unknown key {unknown[0]!r}", hint=f"known: {', '.join(sorted(REPORT_KEYS))}")
    return ReportSpec(name, output_of(where, document.get("output"), outputs), shape_of(where, document.get("as")))


def output_of(where: str, named: Any, outputs: Sequence[OutputSpec]) -> str:
    """The name of the output. Raises UsageError unless the stage has it, as a JSON file."""
    output = next((output for output in outputs if output.name == named), None)
    if output is None:
        names = ", ".join(output.name for output in outputs) or "the stage declares no outputs"
        raise UsageError(f"{where}: output names {named!r}, which is not an output of the stage", hint=names)
    if not output.path.endswith(".json"):
        raise UsageError(
            f"{where}: the output {output.name} is {output.path}", hint="a report is read from a .json file"
        )
    return output.name


def shape_of(where: str, named: Any) -> Shape:
    """The shape of that name. Raises UsageError if it is unknown."""
    try:
        return Shape(named)
    except ValueError as error:
        raise UsageError(f"{where}: as must be one of {', '.join(shape.value for shape in Shape)}") from error
