"""Stages by name: the built-in ones, the project's own, and those that installed packages add."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import cast

from pipeline_kit.contract.context import StageContext
from pipeline_kit.contract.result import StageResult
from pipeline_kit.contract.spec import StageSpec
from pipeline_kit.contract.stage_file import read_spec
from pipeline_kit.descriptor.parameter import Parameter
from pipeline_kit.errors import UsageError

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
ENTRY_POINTS = "pipeline_kit.stages"
PROJECT_STAGES = Path(".pipeline-kit/stages")


class Specs(Mapping[str, StageSpec]):
    """Every stage that a project may use, by name, each `stage.yml` read when it is first asked for.

    Order of a name's search: built-in, the project's `.pipeline-kit/stages/NAME/`, the entry points of
    installed packages (asked last, since that is slow). Reading never imports a stage's code.
    """

    def __init__(self, project: Path | None = None) -> None:
        self._project = project
        self._read: dict[str, StageSpec] = {}

    def __getitem__(self, name: str) -> StageSpec:
        if name in BUILT_IN:
            return built_in_spec(name)
        if name not in self._read:
            folder = self.folder(name)
            if folder is None:
                raise KeyError(name)
            self._read[name] = read_spec(folder)
        return self._read[name]

    def __contains__(self, name: object) -> bool:
        return name in BUILT_IN or (isinstance(name, str) and self.folder(name) is not None)

    def __iter__(self) -> Iterator[str]:
        yield from BUILT_IN
        yield from (name for name in self._own() if name not in BUILT_IN)
        yield from (name for name in entry_points() if name not in BUILT_IN)

    def __len__(self) -> int:
        return len(list(iter(self)))

    def folder(self, name: str) -> Path | None:
        """The folder of a stage, or none where there is no such stage."""
        if name in BUILT_IN:
            return built_in_folder() / name
        if name in self._own() and self._project is not None:
            return self._project / PROJECT_STAGES / name
        module = entry_points().get(name)
        return package_folder(module) if module else None

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

    def _own(self) -> tuple[str, ...]:
        if self._project is None:
            return ()
        return tuple(sorted(path.parent.name for path in (self._project / PROJECT_STAGES).glob("*/stage.yml")))


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
    """A built-in stage's specification, read once in a process, for however many projects."""
    return read_spec(built_in_folder() / name)


def built_in_folder() -> Path:
    """The folder of the built-in stages."""
    return Path(importlib.import_module("pipeline_kit.stages").__path__[0])


def entry_points() -> dict[str, str]:
    """Stages of installed packages: name to the module that is the stage's folder."""
    from importlib.metadata import entry_points as installed

    return {each.name: each.value for each in installed(group=ENTRY_POINTS)}


def package_folder(module: str) -> Path | None:
    """The folder of an importable package, found without importing the package itself."""
    from importlib.util import find_spec

    spec = find_spec(module)
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0]) if places else None


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
