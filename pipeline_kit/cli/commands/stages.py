"""`pipeline-kit stages`: the stages that jobs may use, and what one of them takes and leaves."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Mapping

from pipeline_kit.catalog import BUILT_IN, PROJECT_STAGES, STAGES, Specs
from pipeline_kit.cli.output import say, say_json
from pipeline_kit.contract.spec import StageSpec
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.errors import UsageError
from pipeline_kit.project.open import catalog_of
from pipeline_kit.report.stage_page import stage_as_json, stage_lines, summary_lines
from pipeline_kit.suggest import did_you_mean

NARROWEST, WIDEST = 40, 120


def execute(arguments: argparse.Namespace) -> int:
    """Prints all stages in a line or two each, or everything about one."""
    specs = catalog_of(arguments.directory).specs
    width = min(max(shutil.get_terminal_size().columns, NARROWEST), WIDEST)
    if arguments.name is not None:
        spec, source = named(specs, arguments.name), source_of(arguments.name, specs)
        if arguments.json:
            say_json(stage_as_json(spec, source))
        else:
            say("\n".join(stage_lines(spec, source, width)))
        return 0
    every = {name: specs[name] for name in sorted(specs)}
    if arguments.json:
        listed: Mapping[str, Value] = {"stages": [summary(spec, specs) for spec in every.values()]}
        say_json(listed)
    else:
        say("\n".join(summary_lines([(spec, source_of(name, specs)) for name, spec in every.items()], width)))
    return 0


def named(specs: Specs, name: str) -> StageSpec:
    """The stage of that name. Raises UsageError with the nearest one."""
    if name in specs:
        return specs[name]
    raise UsageError(f"unknown stage {name!r}", hint=did_you_mean(name, sorted(specs), "stages"))


def source_of(name: str, specs: Specs) -> str:
    """Where a stage comes from: the kit, the project's own folder, or an installed package's module."""
    if name in BUILT_IN:
        return "pipeline-kit"
    module = None if name in specs.own else STAGES.values(specs.plugins).get(name)
    return f"package {module}" if module else f"project {PROJECT_STAGES.as_posix()}/{name}"


def summary(spec: StageSpec, specs: Specs) -> Mapping[str, Value]:
    """A stage of the list, for a machine."""
    return {"name": spec.name, "source": source_of(spec.name, specs), "help": spec.help}
