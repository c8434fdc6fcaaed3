"""What holds for every stage, command and example."""

from __future__ import annotations

import argparse
import ast
import dataclasses
import importlib
import re
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
PARSED_ONCE = tuple(name for name in BUILT_IN if name != "deploy")
"""Stages whose settings are parsed once into a frozen value."""
VALUES_ONLY = ("images",)
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


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_stage_says_what_it_is(name: str) -> None:
    """Help is a sentence, names are words, kinds are known, and no parameter hides a key that every job has."""
    spec = Specs()[name]
    assert SENTENCE.match(spec.help), spec.help
    for parameter in all_parameters(spec.parameters):
        assert SENTENCE.match(parameter.help), f"{name}.{parameter.name}: {parameter.help}"
        assert not (parameter.kind is Kind.CHOICE and not parameter.choices), parameter.name
        assert not (parameter.required and parameter.default is not None), parameter.name
    for parameter in spec.parameters:
        assert re.fullmatch(r"[a-z][a-z0-9_]{0,40}", parameter.name)
        assert parameter.name not in COMMON_KEYS
    for output in spec.outputs:
        assert output.kind in KINDS
        assert SENTENCE.match(output.help), f"{name}.{output.name}: {output.help}"
    assert set(spec.consumes) <= KINDS


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_stage_has_a_run_a_test_and_a_docstring(name: str) -> None:
    """`run(context)` alone is called by the runner; the story of each stage is tested."""
    assert callable(Specs().load_run(name))
    module = importlib.import_module(f"pipeline_kit.stages.{name}.run")
    assert module.__doc__
    assert list((ROOT / "tests" / "stages").glob(f"test_{name}*.py"))


@pytest.mark.parametrize("name", BUILT_IN)
def test_reading_what_a_stage_is_imports_none_of_its_code(name: str) -> None:
    """Planning reads YAML only."""
    folder = built_in_folder() / name
    text = (folder / "stage.yml").read_text()
    assert isinstance(yaml.safe_load(text), dict)
    assert "!!" not in text


def settings_read(path: Path) -> list[str]:
    """The functions of a module that read `.settings` of anything, once for each time."""
    functions = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)]
    return [
        function.name
        for function in functions
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute) and node.attr == "settings"
    ]


@pytest.mark.parametrize("name", PARSED_ONCE)
def test_a_stage_parses_its_settings_once(name: str) -> None:
    """`run` alone reads the context's settings, and once; below it there is a frozen value."""
    folder = ROOT / "stages" / name
    read = {path.name: settings_read(path) for path in sorted(folder.glob("*.py"))}
    assert {path: functions for path, functions in read.items() if functions} == {"run.py": ["run"]}
    module = importlib.import_module(f"pipeline_kit.stages.{name}.settings")
    value = module.Settings
    assert dataclasses.is_dataclass(value)
    assert "settings_of" in vars(module)
    assert value.__setattr__ is not object.__setattr__


@pytest.mark.parametrize("package", VALUES_ONLY)
def test_a_package_below_the_stages_takes_values(package: str) -> None:
    """No module of it mentions a stage's context or reads raw settings."""
    modules = sorted((ROOT / "pipeline_kit" / package).rglob("*.py"))
    assert modules
    for path in modules:
        text = path.read_text()
        assert "StageContext" not in text, path
        assert "contract.settings" not in text, path


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
