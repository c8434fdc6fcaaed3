"""Data in the repository: tables that a descriptor can declare, and pointers to what is kept elsewhere."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from pipeline_kit.adopt.names import fresh
from pipeline_kit.adopt.read.python_source import DATA_SUFFIXES, MODEL_SUFFIXES, Script
from pipeline_kit.adopt.read.tree import Tree, is_plain
from pipeline_kit.contract.ci_file import Place
from pipeline_kit.yaml.walk import child, items, root_of, text

MOST_DATASETS = 6
DISK = "this disk alone"
HEAD = 65_536  # bytes of a table that are looked at
LFS = "version https://git-lfs.github.com/spec/v1"
_TARGETS = [
    "target", "label", "labels", "class", "y", "outcome", "species", "diagnosis", "churn", "churned", "fraud",
    "is_fraud", "default", "survived", "response",
]  # fmt: skip
_SPLITS = {"train": "train training", "test": "test testing holdout", "valid": "valid validation val dev"}
_NOT_DATA = re.compile(
    r"(?:^|/)(?:tests?|docs?|results?|reports?|outputs?|predictions?|submissions?|figures|\.github)/", re.I
)
_NOT_TABLES = re.compile(r"submission|prediction|result|metric|log", re.I)


@dataclass(frozen=True, slots=True)
class FoundData:
    """A table: its name in the descriptor, file, and what its header suggests. `kept` says where it really is."""

    name: str
    file: str
    place: Place
    target: tuple[str, Place] | None = None
    kept: str | None = None


@dataclass(frozen=True, slots=True)
class Pointer:
    """A pointer file of DVC or git LFS."""

    file: str
    of: str
    kind: str
    is_model: bool = False


def find_pointers(tree: Tree) -> tuple[Pointer, ...]:
    """What DVC and git LFS keep elsewhere."""
    pointers = []
    for name in tree.ending(".dvc"):
        if name.startswith(".dvc/") or name == ".dvc":
            continue
        outs = items(child(root_of(tree.read(name, HEAD)), "outs"))
        for out in outs:
            path = text(child(out, "path"))
            if path and is_plain(target := str(PurePosixPath(name).parent / path)):
                pointers.append(Pointer(name, target, "DVC", _is_model(target)))
    for name in tree.ending(*DATA_SUFFIXES, *MODEL_SUFFIXES):
        if tree.read(name, len(LFS)).startswith(LFS):
            pointers.append(Pointer(name, name, "git LFS", _is_model(name)))
    return tuple(pointers)


def find_data(tree: Tree, scripts: Iterable[Script], pointers: Iterable[Pointer]) -> tuple[FoundData, ...]:
    """The tables to declare: those that scripts read first, then those in folders of data, then pointers' targets."""
    pointing = {pointer.of: pointer for pointer in pointers if not pointer.is_model}
    kept = {name: pointer.kind for name, pointer in pointing.items()}
    read = {
        touched.path: Place(script.file, touched.line)
        for script in scripts
        for touched in script.data
        if touched.path and (tree.on_disk(touched.path) or touched.path in kept)
    }
    listed = [name for name in tree.ending(*DATA_SUFFIXES) if _is_table(name)]
    found_datas: list[FoundData] = []
    for file in list(dict.fromkeys([*read, *sorted(listed, key=_rank), *kept]))[:MOST_DATASETS]:
        name = fresh(_name(file), [found_data.name for found_data in found_datas])
        place = read.get(file, Place(pointing[file].file if file in pointing else file))
        where = kept.get(file) or (None if tree.has(file) else DISK)
        found_datas.append(FoundData(name, file, place, _target(tree, file, kept), where))
    return tuple(found_datas)


def _is_table(name: str) -> bool:
    return not _NOT_DATA.search(name) and not _NOT_TABLES.search(PurePosixPath(name).stem)


def _rank(name: str) -> tuple[bool, bool, str]:
    """Tables in folders of data and with a split's name first, raw ones last."""
    return (_split(name) is None, "raw" in name.lower(), name)


def _split(file: str) -> str | None:
    words = set(re.split(r"[^a-z]+", PurePosixPath(file).stem.lower()))
    return next((split for split, names in _SPLITS.items() if words & set(names.split())), None)


def _name(file: str) -> str:
    """The dataset's name: its split, else its file's name; a bare dataset that is read whole is what is trained on."""
    words = re.sub(r"[^a-z0-9]+", "_", PurePosixPath(file).stem.lower()).strip("_").lstrip("0123456789_")
    return _split(file) or words[:36].rstrip("_") or "table"


def _target(tree: Tree, file: str, kept: Iterable[str]) -> tuple[str, Place] | None:
    """The column that is predicted, where the header has a usual name for one."""
    if file in kept or not file.lower().endswith((".csv", ".tsv")):
        return None
    head = tree.read(file, HEAD).split("\n", 1)[0].strip("\r")
    try:
        columns = next(csv.reader([head], delimiter="\t" if file.lower().endswith(".tsv") else ","), [])
    except csv.Error:
        return None
    lower = {column.strip().lower(): column for column in columns}
    target = next((lower[target] for target in _TARGETS if target in lower), None)
    return (target, Place(file)) if target is not None and target == target.strip() and target.isprintable() else None


def _is_model(name: str) -> bool:
    return name.lower().endswith(MODEL_SUFFIXES) or bool(re.search(r"(?:^|/)models?(?:/|$)", name))
