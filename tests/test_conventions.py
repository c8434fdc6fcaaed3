"""What holds for every stage, command and example."""

from __future__ import annotations

import argparse
import ast
import dataclasses
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from pipeline_kit.catalog import BUILT_IN, Catalog, Specs, built_in_folder
from pipeline_kit.cli.parser import build_parser
from pipeline_kit.descriptor.load import load_descriptor
from pipeline_kit.descriptor.parameter import Kind, Parameter
from pipeline_kit.plan.build import build_plan
from tests.conftest import ROOT

EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/pipeline-kit.yml"))
COMMON_KEYS = {
    "stage", "needs", "events", "changes", "when", "inputs", "outputs", "runner", "timeout", "secrets", "environment",
    "lock", "matrix", "variables",
}  # fmt: skip
KINDS = {
    "model", "metrics", "predictions", "package", "verdict", "report", "data", "wheel", "toolchain", "code", "baseline",
    "image", "sbom", "findings", "attestation", "pushed", "release", "row_results", "baseline_rows",
}  # fmt: skip
VALUES_ONLY = ("deploy", "gates", "images")
"""Packages of the kit that take values: no context of a stage, and no settings that are not parsed."""
SENTENCE = re.compile(r"[A-Z`].*[.)]$", re.DOTALL)


def all_parameters(parameters: tuple[Parameter, ...]) -> list[Parameter]:
    found = []
    for each in parameters:
        nested = (each.items,) if each.items else ()
        found.extend([each, *all_parameters(each.fields), *all_parameters(nested)])
    return found


def commands() -> dict[str, argparse.ArgumentParser]:
    (subparsers,) = (a for a in build_parser()._actions if isinstance(a, argparse._SubParsersAction))
    return dict(subparsers.choices)


def test_the_catalog_lists_exactly_the_folders() -> None:
    """No stage is forgotten, none is a ghost."""
    assert sorted(path.parent.name for path in (ROOT / "stages").glob("*/stage.yml")) == sorted(BUILT_IN)
    assert list(Specs()) == list(BUILT_IN)


def test_a_stage_describes_itself() -> None:
    """Help is a sentence, names are words, kinds are known, and no parameter hides a key that every job has."""
    assert [fault for name in BUILT_IN for fault in faults_of_stage(name)] == []


def faults_of_stage(name: str) -> Iterator[str]:
    """What is wrong with a stage's description, as `STAGE.NAME: fault`."""
    spec = Specs()[name]
    if not SENTENCE.match(spec.help):
        yield f"{name}: help is not a sentence: {spec.help}"
    if unknown := set(spec.consumes) - KINDS:
        yield f"{name}: consumes the unknown kinds {unknown}"
    for parameter in all_parameters(spec.parameters):
        if not SENTENCE.match(parameter.help):
            yield f"{name}.{parameter.name}: help is not a sentence: {parameter.help}"
        if parameter.kind is Kind.CHOICE and not parameter.choices:
            yield f"{name}.{parameter.name}: a choice without choices"
        if parameter.required and parameter.default is not None:
            yield f"{name}.{parameter.name}: required, and has a default"
    for parameter in spec.parameters:
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,40}", parameter.name) or parameter.name in COMMON_KEYS:
            yield f"{name}.{parameter.name}: not a name for a parameter"
    for output in spec.outputs:
        if output.kind not in KINDS or not SENTENCE.match(output.help):
            yield f"{name}.{output.name}: unknown kind {output.kind}, or help is not a sentence: {output.help}"


def test_a_stage_has_a_run_a_test_and_a_docstring() -> None:
    """`run(context)` alone is called by the runner; the story of each stage is tested."""
    for name in BUILT_IN:
        assert callable(Specs().load_run(name)), name
        assert importlib.import_module(f"pipeline_kit.stages.{name}.run").__doc__, name
        assert list((ROOT / "tests" / "stages").glob(f"test_{name}*.py")), name


def test_reading_a_stages_description_imports_none_of_its_code() -> None:
    """Planning reads YAML only."""
    for name in BUILT_IN:
        text = (built_in_folder() / name / "stage.yml").read_text()
        assert isinstance(yaml.safe_load(text), dict), name
        assert "!!" not in text, name


def settings_read(path: Path) -> list[str]:
    """The functions of a module that read `.settings` of anything, once for each time."""
    functions = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)]
    return [
        function.name
        for function in functions
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute) and node.attr == "settings"
    ]


def test_a_stage_parses_its_settings_once() -> None:
    """`run` alone reads the context's settings, and once; below it there is a frozen value."""
    read = {path: settings_read(path) for name in BUILT_IN for path in (ROOT / "stages" / name).glob("*.py")}
    once = {ROOT / "stages" / name / "run.py": ["run"] for name in BUILT_IN}
    assert {path: functions for path, functions in read.items() if functions} == once
    for name in BUILT_IN:
        module = importlib.import_module(f"pipeline_kit.stages.{name}.settings")
        assert dataclasses.is_dataclass(module.Settings), name
        assert "settings_of" in vars(module), name
        assert module.Settings.__setattr__ is not object.__setattr__, name


def test_a_package_below_the_stages_takes_values() -> None:
    """No module of it mentions a stage's context or reads raw settings."""
    modules = {package: sorted((ROOT / "pipeline_kit" / package).rglob("*.py")) for package in VALUES_ONLY}
    assert all(modules.values())
    texts = {path: path.read_text() for paths in modules.values() for path in paths}
    assert [path for path, text in texts.items() if "StageContext" in text or "contract.settings" in text] == []


def test_every_command_has_help_and_a_module() -> None:
    """A command without its module would fail only when somebody calls it."""
    for name, parser in commands().items():
        assert SENTENCE.match(parser.description or ""), name
        module = importlib.import_module(f"pipeline_kit.cli.commands.{name}")
        assert callable(module.execute)
        for action in parser._actions:
            assert action.help or action.dest in ("name", "shell"), f"{name} {action.dest}"
    modules = {path.stem for path in (ROOT / "pipeline_kit/cli/commands").glob("*.py")} - {"__init__"}
    assert modules == set(commands())


def test_every_command_takes_a_directory() -> None:
    """`-C DIR` works after every command."""
    for name, parser in commands().items():
        assert any("-C" in action.option_strings for action in parser._actions), name


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_plans_and_tells_how_to_run_it(example: Path) -> None:
    """Its descriptor is valid, its lock pins everything, its README names the command."""
    specs = Specs(example)
    descriptor = load_descriptor(example, Catalog(specs.project))
    plan = build_plan(descriptor, specs)
    assert {"check", "prepare", "build", "test", "train", "evaluate", "gate", "package"} <= {j.stage for j in plan.jobs}
    lock = (example / "requirements.lock").read_text()
    requirements = [line for line in lock.splitlines() if line and not line.startswith(("#", " "))]
    assert all("==" in line for line in requirements)
    assert "pipeline-kit run" in (example / "README.md").read_text()
    for name in (".gitlab-ci.yml", "Jenkinsfile"):
        assert (example / name).is_file()


def test_every_public_thing_has_a_docstring_and_no_module_is_long() -> None:
    """Ruff holds the docstrings of functions; modules hold one idea, so they are short."""
    for path in [*(ROOT / "pipeline_kit").rglob("*.py"), *(ROOT / "stages").rglob("*.py")]:
        text = path.read_text()
        assert ast.get_docstring(ast.parse(text)), path
        assert len(text.splitlines()) <= 350, path


def test_a_command_is_thin() -> None:
    """It parses arguments, calls the library and prints: at most 80 lines, and no class, which a library would have."""
    faults = []
    for path in sorted((ROOT / "pipeline_kit" / "cli" / "commands").glob("*.py")):
        text = path.read_text(encoding="utf-8")
        if len(text.splitlines()) > 80:
            faults.append(f"{path.name} has {len(text.splitlines())} lines")
        faults += [
            f"{path.name} has {node.name}" for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef)
        ]
    assert faults == []
