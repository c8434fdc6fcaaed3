"""Where the lines of a CI file come from: job, key of the descriptor, layer and template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from pipeline_kit.errors import UsageError
from pipeline_kit.project.effective import settled
from pipeline_kit.project.open import OpenProject
from pipeline_kit.project.shown.explanation import Line
from pipeline_kit.render.ownership import is_rendered
from pipeline_kit.render.sources import LineSource
from pipeline_kit.servers.project import line_sources


@dataclass(frozen=True, slots=True)
class Explanation:
    """The lines of a file, or the one that was named; `state` says how the file differs from what is rendered."""

    file: str
    state: str
    lines: Sequence[Line]
    whole: bool


def explain(project: OpenProject, place: str, known: Mapping[str, str]) -> Explanation:
    """What the place FILE:LINE, or all of FILE, comes from; `known` are the CI files by server.

    Raises UsageError for a file that the kit does not render, and for a line that it does not have.
    """
    name, number = place_of(place, project.folders.root, known)
    sources = line_sources(project.plan, project.descriptor, settled(project))[name]
    state, lines = on_disk(project.folders.root / name, sources)
    if number is not None:
        if not 1 <= number <= len(lines):
            raise UsageError(f"{name} has no line {number}", hint=f"its lines are 1 to {len(lines)}")
        lines = lines[number - 1 : number]
    return Explanation(name, state, lines, number is None)


def place_of(text: str, root: Path, known: Mapping[str, str]) -> tuple[str, int | None]:
    """The file and the line of FILE:LINE; without a line none. Raises UsageError for a file that is not rendered."""
    name, _, line = text.rpartition(":")
    if not name:
        name, line = line, ""
    for item in known.values():
        if name == item or Path(name).resolve() == root / item:
            if line and not line.isdecimal():
                raise UsageError(
                    f"{line!r} is not a line of {item}", hint=f"for example: pipeline-kit explain {item}:20"
                )
            return item, int(line) if line else None
    hint = f"the kit renders {' and '.join(known.values())}; for values of the descriptor use `config --origin`"
    raise UsageError(f"{name} is not a file that the kit renders", hint=hint)


def on_disk(path: Path, sources: Sequence[LineSource]) -> tuple[str, list[Line]]:
    """How the file differs from what would be rendered, and its lines with their sources.

    A line that the kit would not render has none; of a file that is not there the lines are those that it would have.
    """
    rendered = [source.text for source in sources]
    if not path.is_file():
        return "is not there yet; this is what `pipeline-kit render` would write", [
            (s.number, s.text, s) for s in sources
        ]
    text = path.read_text(encoding="utf-8", errors="replace")
    here = text.removesuffix("\n").split("\n")
    if here == rendered:
        return "", [(source.number, source.text, source) for source in sources]
    lines: list[Line] = [(number, line, None) for number, line in enumerate(here, start=1)]
    for block in SequenceMatcher(None, here, rendered, autojunk=False).get_matching_blocks():
        for offset in range(block.size):
            number = block.a + offset + 1
            lines[block.a + offset] = (number, here[block.a + offset], sources[block.b + offset])
    if not is_rendered(text):
        return "is not the kit's file any more, or never was; lines that rendering would give too are explained", lines
    return "differs from what the descriptor renders: see `pipeline-kit render --diff`", lines
