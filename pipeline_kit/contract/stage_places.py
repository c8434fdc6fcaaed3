"""The lines of a stage's file: where each parameter is declared."""

from __future__ import annotations

from pathlib import Path

from pipeline_kit.descriptor.model import Position
from pipeline_kit.yaml.reader import Limits, first_document
from pipeline_kit.yaml.walk import child, entries

LIMITS = Limits(characters=1 << 20, levels=32, values=50_000)


def parameter_places(folder: Path, shown: str) -> dict[str, Position]:
    """The place of each parameter in a stage's `stage.yml`, which has been read before; `shown` is the file's name."""
    root = first_document((folder / "stage.yml").read_text(encoding="utf-8"), LIMITS)
    places = {}
    for name, (key, body) in entries(child(root, "parameters")).items():
        place, _ = entries(body).get("default", (key, body))
        places[name] = Position(shown, place.line, place.column)
    return places
