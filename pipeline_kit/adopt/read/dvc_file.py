"""The stages of a dvc.yaml: command, what each reads and what it leaves (https://dvc.org/doc/user-guide/project-structure/dvcyaml-files)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from pipeline_kit.adopt.read.tree import is_plain
from pipeline_kit.contract.ci_file import Place
from pipeline_kit.contract.wording import is_visible
from pipeline_kit.yaml.nodes import Mapping, Node
from pipeline_kit.yaml.walk import child, entries, flat, items, root_of, text

FILE = "dvc.yaml"
MOST_STAGES = 40


@dataclass(frozen=True, slots=True)
class DvcStage:
    """A stage; `unclear` is the reason why it cannot become a job."""

    name: str
    place: Place
    lines: tuple[tuple[str, int], ...] = ()
    deps: tuple[str, ...] = ()
    outs: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    unclear: str | None = None


def read_dvc(source: str) -> tuple[DvcStage, ...]:
    """The stages, each after those whose outputs it reads."""
    result = []
    for name, (key, node) in list(entries(child(root_of(source), "stages")).items())[:MOST_STAGES]:
        if isinstance(node, Mapping):
            result.append(_stage(name, Place(FILE, key.line), node))
    return _ordered(result)


def _stage(name: str, place: Place, node: Node) -> DvcStage:
    keys = set(entries(node))
    lines = tuple(flat(child(node, "cmd")))
    paths = {key: _paths(child(node, key)) for key in ("deps", "outs", "metrics")}
    unclear = None
    if keys & {"foreach", "matrix", "do"}:
        unclear = "it is repeated over values"
    elif "wdir" in keys:
        unclear = "it runs in a folder of its own"
    elif not lines or any("${" in each or not is_visible(each) for each, _ in lines):
        unclear = "its command is put together from parameters"
    elif any(each is None for some in paths.values() for each in some):
        unclear = "a path of it is put together from parameters, or outside the project"
    plain = {key: tuple(each for each in some if each) for key, some in paths.items()}
    return DvcStage(name, place, lines, plain["deps"], plain["outs"], plain["metrics"], unclear)


def _paths(node: Node | None) -> list[str | None]:
    """The paths of a list whose items are paths, or mappings with a path as their key."""
    result: list[str | None] = []
    for item in items(node):
        path = text(item) or next(iter(entries(item)), "")
        path = str(PurePosixPath(path)) if path else ""
        result.append(path if is_plain(path) and "$" not in path else None)
    return result


def _ordered(stages: Sequence[DvcStage]) -> tuple[DvcStage, ...]:
    """The stages by what they read; one in a circle is unclear."""
    waiting = list(stages)
    done: list[DvcStage] = []
    while waiting:
        left = [out for stage in waiting for out in stage.outs]
        ready = [stage for stage in waiting if not any(reads(stage, out) for out in left if out not in stage.outs)]
        if not ready:
            done.extend(replace(stage, unclear="it reads what it leads to") for stage in waiting)
            break
        done.extend(ready)
        waiting = [stage for stage in waiting if stage not in ready]
    return tuple(done)


def reads(stage: DvcStage, out: str) -> bool:
    """Whether a stage reads an output, or something inside it."""
    return any(dep == out or dep.startswith(f"{out}/") for dep in stage.deps)
