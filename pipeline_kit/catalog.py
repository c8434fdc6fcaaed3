"""Finds stages, CI servers and stores by name: built-in ones, the project's own, and those of `plugins`."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Protocol, cast

from pipeline_kit.contract.context import StageContext
from pipeline_kit.contract.declared import declared_parameters
from pipeline_kit.contract.result import StageResult
from pipeline_kit.contract.server_file import read_server, refuse_clash, refuse_unsafe
from pipeline_kit.contract.spec import StageSpec
from pipeline_kit.contract.stage_file import read_spec
from pipeline_kit.contract.store_kind import StoreKind, refuse_unusable
from pipeline_kit.descriptor.parameter import Kind, Parameter
from pipeline_kit.descriptor.server_words import ServerWords
from pipeline_kit.descriptor.vocabulary import StoreWords
from pipeline_kit.errors import UsageError
from pipeline_kit.extensions import NO_PLUGINS, Plugins, Table, imported, importing

Run = Callable[[StageContext], StageResult]

BUILT_IN = (
    "build",
    "check",
    "command",
    "deploy",
    "evaluate",
    "gate",
    "image",
    "package",
    "prepare",
    "push",
    "scan",
    "sign",
    "test",
    "test_image",
    "train",
)
STAGES: Table[ModuleType] = Table("pipeline_kit.stages", "stage", {n: f"pipeline_kit.stages.{n}" for n in BUILT_IN})
SERVERS = "pipeline_kit.servers:SERVERS"
STORES = "pipeline_kit.adapters.stores:STORES"
TABLES = {
    "rules": "pipeline_kit.gates.rules:RULES",
    "metrics": "pipeline_kit.gates.metrics:METRICS",
    "strategies": "pipeline_kit.deploy.strategies:STRATEGIES",
    "targets": "pipeline_kit.deploy.targets:TARGETS",
}
"""The tables that `from` in a `stage.yml` may name as the source of choices or fields."""
PROJECT_STAGES = Path(".pipeline-kit/stages")
ENTRY_POINTS = "the entry point of a stage is `package.stage`, that of a CI server `package.server:SERVER`"
"""Each is a package in a folder with a `stage.yml` or a `server.yml`."""


class Extension(Protocol):
    """An extension that adds fields to a record of the descriptor, such as a kind of rule."""

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The fields."""


class Specs(Mapping[str, StageSpec]):
    """The specifications of a project's stages by name; each `stage.yml` is read on first use.

    Search order: built-in stages, the project's `.pipeline-kit/stages/NAME/`, the packages under `plugins`. Reading
    imports no code of a stage.
    """

    def __init__(self, project: Path | None = None, plugins: Plugins = NO_PLUGINS) -> None:
        self.project = project
        self.plugins = plugins
        self._read: dict[str, StageSpec] = {}

    def __getitem__(self, name: str) -> StageSpec:
        if name in BUILT_IN and not self.plugins.packages:
            return built_in_spec(name)
        if name not in self._read:
            folder = self.folder(name)
            if folder is None:
                raise KeyError(name)
            self._read[name] = completed(replace(read_spec(folder), name=name), self.plugins)
        return self._read[name]

    def __contains__(self, name: object) -> bool:
        return name in BUILT_IN or (isinstance(name, str) and self.folder(name) is not None)

    def __iter__(self) -> Iterator[str]:
        yield from BUILT_IN
        yield from dict.fromkeys(name for name in (*self.own, *STAGES.names(self.plugins)) if name not in BUILT_IN)

    def __len__(self) -> int:
        return len(list(iter(self)))

    def folder(self, name: str) -> Path | None:
        """The folder of a stage, None for an unknown stage."""
        if name in BUILT_IN:
            return built_in_folder() / name
        if name in self.own and self.project is not None:
            return self.project / PROJECT_STAGES / name
        module = STAGES.values(self.plugins).get(name)
        return package_folder(f"the stage `{name}`", module) if module else None

    def load_run(self, name: str) -> Run:
        """A stage's function `run`; imports the stage's code, so only a job that runs it calls this.

        Raises UsageError where `run.py` or its `run` is missing.
        """
        if name in BUILT_IN:
            module = importlib.import_module(f"pipeline_kit.stages.{name}.run")
        else:
            folder = self.folder(name)
            if folder is None:
                raise UsageError(f"unknown stage {name!r}")
            module = load_package(name, folder)
        run = getattr(module, "run", None)
        if not callable(run):
            raise UsageError(f"run.py of stage {name!r} has no function run")
        return cast(Run, run)

    @property
    def own(self) -> tuple[str, ...]:
        """The names of the project's own stages."""
        if self.project is None:
            return ()
        return tuple(sorted(path.parent.name for path in (self.project / PROJECT_STAGES).glob("*/stage.yml")))


class Parameters(Mapping[str, tuple[Parameter, ...]]):
    """The parameters of each stage by its name, read on first use."""

    def __init__(self, specs: Specs) -> None:
        self._specs = specs

    def __getitem__(self, name: str) -> tuple[Parameter, ...]:
        return self._specs[name].parameters

    def __contains__(self, name: object) -> bool:
        return name in self._specs

    def __iter__(self) -> Iterator[str]:
        return iter(self._specs)

    def __len__(self) -> int:
        return len(self._specs)


@cache
def built_in_spec(name: str) -> StageSpec:
    """A built-in stage's specification without plugins, read once per process."""
    return completed(read_spec(built_in_folder() / name), NO_PLUGINS)


def built_in_folder() -> Path:
    """The folder of the built-in stages."""
    return Path(importlib.import_module("pipeline_kit.stages").__path__[0])


def completed(spec: StageSpec, plugins: Plugins) -> StageSpec:
    """The specification with its choices and fields from extension tables."""
    if not any(uses_table(parameter) for parameter in spec.parameters):
        return spec
    return replace(spec, parameters=tuple(completed_parameter(parameter, plugins) for parameter in spec.parameters))


def uses_table(parameter: Parameter) -> bool:
    """Whether the parameter, or one inside it, uses an extension table."""
    inner = (*parameter.fields, parameter.items) if parameter.items else parameter.fields
    return bool(parameter.source) or any(uses_table(part) for part in inner)


def completed_parameter(parameter: Parameter, plugins: Plugins) -> Parameter:
    """The parameter with its table's names as choices, or its extensions' parameters as fields."""
    if not uses_table(parameter):
        return parameter
    items = completed_parameter(parameter.items, plugins) if parameter.items else None
    fields = tuple(completed_parameter(part, plugins) for part in parameter.fields)
    if not parameter.source:
        return replace(parameter, items=items, fields=fields)
    if parameter.source not in TABLES:
        expected = ", ".join(TABLES)
        message = f"parameter {parameter.name}: unknown table {parameter.source!r} in `from`"
        raise UsageError(message, hint=f"expected one of {expected}")
    table: Table[Extension] = imported(TABLES[parameter.source])
    if parameter.kind is Kind.CHOICE:
        return replace(parameter, choices=(*parameter.choices, *table.names(plugins)))
    added = added_fields(table, plugins, fields)
    required = tuple(field for field in fields if field.required)
    optional = tuple(field for field in fields if not field.required)
    return replace(parameter, items=items, fields=(*required, *added, *optional))


def added_fields(table: Table[Extension], plugins: Plugins, fields: Iterable[Parameter]) -> tuple[Parameter, ...]:
    """The fields that a table's extensions add to a record with fields of its own.

    Raises UsageError where one is not a parameter, or two have the same name.
    """
    owners = {field.name: "the record itself" for field in fields}
    added: list[Parameter] = []
    for name, extension in table.all(plugins).items():
        for field in declared_parameters(f"the {table.noun} `{name}`", extension):
            if owner := owners.get(field.name):
                message = f"plugins: the {table.noun} `{name}` has the field `{field.name}`, as {owner} has"
                raise UsageError(message, hint="rename it in the package")
            owners[field.name] = f"the {table.noun} `{name}`"
            added.append(field)
    return tuple(added)


@cache
def built_in_server(name: str) -> ServerWords:
    """A built-in CI server's `server.yml`, read once per process."""
    return read_server(name, Path(__file__).parent / "servers" / name)


class Servers(Mapping[str, ServerWords]):
    """The CI servers of a project by name; each `server.yml` is read on first use. Imports no server's code."""

    def __init__(self, plugins: Plugins = NO_PLUGINS) -> None:
        table: Table[object] = imported(SERVERS)
        self._built_in = table.built_in
        self._sources = table.values(plugins)
        self._read: dict[str, ServerWords] = {}

    def __getitem__(self, name: str) -> ServerWords:
        if name in self._built_in:
            return built_in_server(name)
        if name not in self._read:
            module = self._sources[name].partition(":")[0].rpartition(".")[0]
            folder = package_folder(f"the CI server `{name}`", module)
            words = read_server(name, folder)
            refuse_unsafe(words, folder)
            for other in (*map(built_in_server, self._built_in), *self._read.values()):
                refuse_clash(words, other, folder)
            self._read[name] = words
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._sources)

    def __len__(self) -> int:
        return len(self._sources)


class Catalog:
    """What extensions add to a project's descriptor: implements `descriptor.vocabulary.Vocabulary`.

    `project` is the project's folder, for its own stages.
    """

    def __init__(self, project: Path | None = None, plugins: Plugins = NO_PLUGINS) -> None:
        self.project = project
        self.plugins = plugins
        self.specs = Specs(project, plugins)
        self.stages = Parameters(self.specs)
        self.servers = Servers(plugins)

    @property
    def stores(self) -> Mapping[str, StoreWords]:
        """The kinds of store; used, and imported, only for a descriptor with a store."""
        table: Table[StoreKind] = imported(STORES)
        kinds = table.all(self.plugins)
        refuse_unusable(kinds)
        return kinds

    def with_plugins(self, plugins: Plugins) -> Catalog:
        """The catalog with these packages' extensions. Raises UsageError where a package is not installed."""
        if plugins == self.plugins:
            return self
        plugins.versions()
        return Catalog(self.project, plugins)


def package_folder(what: str, module: str) -> Path:
    """The folder of a package, found without importing the package itself (only its parents).

    Raises UsageError where it is not a package.
    """
    from importlib.util import find_spec

    with importing(what, module):
        spec = find_spec(module)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    if not folders:
        raise UsageError(f"{what} has no folder: {module} is not a package", hint=ENTRY_POINTS)
    return Path(folders[0])


def load_package(name: str, folder: Path) -> ModuleType:
    """The module `run` of a stage outside the kit, loaded in a package so that it can import its neighbours."""
    package = f"pipeline_kit_stage_{name}"
    if package not in sys.modules:
        module = ModuleType(package)
        module.__path__ = [str(folder)]
        sys.modules[package] = module
    try:
        return importlib.import_module(f"{package}.run")
    except ModuleNotFoundError as error:
        raise UsageError(
            f"stage {name!r}: {error}", hint=f"{folder} needs a run.py with a function run(context)"
        ) from error
