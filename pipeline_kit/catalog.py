"""What a descriptor may name: stages and CI servers, built in, the project's own, or of packages under `plugins`."""

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
"""The tables that `from` in a `stage.yml` may name: where their choices or fields come from."""
PROJECT_STAGES = Path(".pipeline-kit/stages")
ENTRY_POINTS = "the entry point of a stage is `package.stage`, that of a CI server `package.server:SERVER`"
"""Each package is a folder: with `stage.yml`, or with `server.yml`."""


class Extension(Protocol):
    """An extension that adds fields to a record of the descriptor, such as a kind of rule."""

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The fields."""


class Specs(Mapping[str, StageSpec]):
    """Every stage that a project may use, by name, each `stage.yml` read when it is first used.

    Order of a name's search: built-in, the project's `.pipeline-kit/stages/NAME/`, the packages under `plugins`.
    Reading never imports a stage's code.
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
        """The folder of a stage, or None where there is no such stage."""
        if name in BUILT_IN:
            return built_in_folder() / name
        if name in self.own and self.project is not None:
            return self.project / PROJECT_STAGES / name
        module = STAGES.values(self.plugins).get(name)
        return package_folder(f"the stage `{name}`", module) if module else None

    def load_run(self, name: str) -> Run:
        """A stage's `run`; imports its code, so only a job about to run it asks.

        Raises UsageError when the folder has no `run.py` or that has no `run`.
        """
        if name in BUILT_IN:
            module = importlib.import_module(f"pipeline_kit.stages.{name}.run")
        else:
            folder = self.folder(name)
            if folder is None:
                raise UsageError(f"there is no stage {name!r}")
            module = load_package(name, folder)
        run = getattr(module, "run", None)
        if not callable(run):
            raise UsageError(f"stage {name!r} has no function run in its run.py")
        return cast(Run, run)

    @property
    def own(self) -> tuple[str, ...]:
        """The names of the project's own stages."""
        if self.project is None:
            return ()
        return tuple(sorted(path.parent.name for path in (self.project / PROJECT_STAGES).glob("*/stage.yml")))


class Parameters(Mapping[str, tuple[Parameter, ...]]):
    """Each stage's parameters by the stage's name, read when they are first asked for."""

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
    """A built-in stage's specification without plugins, read once in a process, for however many projects."""
    return completed(read_spec(built_in_folder() / name), NO_PLUGINS)


def built_in_folder() -> Path:
    """The folder of the built-in stages."""
    return Path(importlib.import_module("pipeline_kit.stages").__path__[0])


def completed(spec: StageSpec, plugins: Plugins) -> StageSpec:
    """The specification with the choices and fields that come from tables of extensions."""
    if not any(uses_table(parameter) for parameter in spec.parameters):
        return spec
    return replace(spec, parameters=tuple(completed_parameter(each, plugins) for each in spec.parameters))


def uses_table(parameter: Parameter) -> bool:
    """Whether it, or anything in it, comes from a table of extensions."""
    inner = (*parameter.fields, parameter.items) if parameter.items else parameter.fields
    return bool(parameter.source) or any(uses_table(each) for each in inner)


def completed_parameter(parameter: Parameter, plugins: Plugins) -> Parameter:
    """The parameter, and all in it, with what its table has: names as choices, or their parameters as fields."""
    if not uses_table(parameter):
        return parameter
    items = completed_parameter(parameter.items, plugins) if parameter.items else None
    fields = tuple(completed_parameter(each, plugins) for each in parameter.fields)
    if not parameter.source:
        return replace(parameter, items=items, fields=fields)
    if parameter.source not in TABLES:
        raise UsageError(f"parameter {parameter.name}: `from` is not one of {', '.join(TABLES)}: {parameter.source!r}")
    table: Table[Extension] = imported(TABLES[parameter.source])
    if parameter.kind is Kind.CHOICE:
        return replace(parameter, choices=(*parameter.choices, *table.names(plugins)))
    added = added_fields(table, plugins, fields)
    required = tuple(field for field in fields if field.required)
    optional = tuple(field for field in fields if not field.required)
    return replace(parameter, items=items, fields=(*required, *added, *optional))


def added_fields(table: Table[Extension], plugins: Plugins, fields: Iterable[Parameter]) -> tuple[Parameter, ...]:
    """The fields that a table's extensions add to a record that has some of its own.

    Raises UsageError where an extension's are not parameters, or one has the name of another.
    """
    owners = {field.name: "the record itself" for field in fields}
    added: list[Parameter] = []
    for name, extension in table.all(plugins).items():
        for field in declared_parameters(f"the {table.noun} `{name}`", extension):
            if owner := owners.get(field.name):
                message = f"plugins: the {table.noun} `{name}` has the field `{field.name}`, as {owner} has"
                raise UsageError(message, hint="the package must give it another name")
            owners[field.name] = f"the {table.noun} `{name}`"
            added.append(field)
    return tuple(added)


@cache
def built_in_server(name: str) -> ServerWords:
    """A built-in server's words, read once in a process."""
    return read_server(name, Path(__file__).parent / "servers" / name)


class Servers(Mapping[str, ServerWords]):
    """Every CI server that a project may use, by name, each `server.yml` read when it is first used.

    Reading never imports a server's code.
    """

    def __init__(self, plugins: Plugins = NO_PLUGINS) -> None:
        table: Table[object] = imported(SERVERS)
        self._built_in = table.built_in
        self._places = table.values(plugins)
        self._read: dict[str, ServerWords] = {}

    def __getitem__(self, name: str) -> ServerWords:
        if name in self._built_in:
            return built_in_server(name)
        if name not in self._read:
            module = self._places[name].partition(":")[0].rpartition(".")[0]
            folder = package_folder(f"the CI server `{name}`", module)
            words = read_server(name, folder)
            refuse_unsafe(words, folder)
            for other in (*map(built_in_server, self._built_in), *self._read.values()):
                refuse_clash(words, other, folder)
            self._read[name] = words
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


class Catalog:
    """Everything that extensions add to a project's descriptor: `descriptor.vocabulary.Vocabulary`.

    `project` is the folder of the project, for stages of its own.
    """

    def __init__(self, project: Path | None = None, plugins: Plugins = NO_PLUGINS) -> None:
        self.project = project
        self.plugins = plugins
        self.specs = Specs(project, plugins)
        self.stages = Parameters(self.specs)
        self.servers = Servers(plugins)

    @property
    def stores(self) -> Mapping[str, StoreWords]:
        """The kinds of store; imported only where a descriptor declares a store."""
        table: Table[StoreKind] = imported(STORES)
        kinds = table.all(self.plugins)
        refuse_unusable(kinds)
        return kinds

    def with_plugins(self, plugins: Plugins) -> Catalog:
        """The same project with the extensions of these packages. Raises UsageError where one is not installed."""
        if plugins == self.plugins:
            return self
        plugins.versions()
        return Catalog(self.project, plugins)


def package_folder(what: str, module: str) -> Path:
    """The folder of an importable package, found without importing the package itself, but those that it is in.

    Raises UsageError where there is no such folder.
    """
    from importlib.util import find_spec

    with importing(what, module):
        spec = find_spec(module)
    places = list(spec.submodule_search_locations or ()) if spec else []
    if not places:
        raise UsageError(f"{what} has no folder: {module} is not a package", hint=ENTRY_POINTS)
    return Path(places[0])


def load_package(name: str, folder: Path) -> ModuleType:
    """The module `run` of a stage outside the kit, loaded as a package so that it can import beside itself."""
    package = f"pipeline_kit_stage_{name}"
    if package not in sys.modules:
        module = ModuleType(package)
        module.__path__ = [str(folder)]
        sys.modules[package] = module
    try:
        return importlib.import_module(f"{package}.run")
    except ModuleNotFoundError as error:
        raise UsageError(f"stage {name!r}: {error}", hint=f"{folder} needs a run.py with run(context)") from error
