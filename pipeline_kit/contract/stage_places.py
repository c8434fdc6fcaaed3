"""The lines of a stage's file: where each parameter is declared."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from pipeline_kit.contract.plain_yaml import Loader
from pipeline_kit.descriptor.model import Position


def parameter_places(folder: Path, shown: str) -> dict[str, Position]:
    """The place of each parameter in a stage's `stage.yml`, which has been read before; `shown` is the file's name."""
    root = yaml.compose((folder / "stage.yml").read_bytes(), Loader=Loader)
    places = {}
    for key, declared in pairs(root):
        if key.value == "parameters":
            for name, body in pairs(declared):
                own = [line for line, _ in pairs(body) if line.value == "default"]
                mark = (own or [name])[0].start_mark
                places[name.value] = Position(shown, mark.line + 1, mark.column + 1)
    return places


def pairs(node: Any) -> Iterator[tuple[Any, Any]]:
    """The keys and values of a node, empty if it is not a mapping."""
    yield from node.value if isinstance(node, yaml.MappingNode) else ()
