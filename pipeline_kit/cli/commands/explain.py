"""`pipeline-kit explain`: where a line of a CI file comes from."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from pathlib import Path

from pipeline_kit.cli.effective import settled
from pipeline_kit.cli.project import OpenProject, open_project
from pipeline_kit.cli.servers import files
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.descriptor.printing import flow
from pipeline_kit.errors import UsageError
from pipeline_kit.render.keys import Key
from pipeline_kit.render.ownership import is_rendered
from pipeline_kit.render.sources import LineSource
from pipeline_kit.servers.project import line_sources

LONGEST_VALUE = 80


def execute(arguments: argparse.Namespace) -> int:
    """Prints what a line comes from, or of a whole file each line; what the file on disk is comes first."""
    project = open_project(arguments.directory)
    name, number = place_of(arguments.place, project.folders.root, files(project.descriptor.plugins))
    sources = line_sources(project.plan, project.descriptor, settled(project))[name]
    state, lines = on_disk(project, name, sources)
    if number is not None:
        if not 1 <= number <= len(lines):
            raise UsageError(f"{name} has no line {number}", hint=f"its lines are 1 to {len(lines)}")
        lines = lines[number - 1 : number]
    if arguments.json:
        print(json.dumps({"file": name, "state": state, "lines": [as_json(*line) for line in lines]}, indent=2))
        return 0
    if state:
        print(f"{name} {state}")
    for line in lines:
        print("\n".join(in_words(name, *line)) if number is not None else row(*line))
    return 0


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


Line = tuple[int, str, LineSource | None]


def on_disk(project: OpenProject, name: str, sources: Sequence[LineSource]) -> tuple[str, list[Line]]:
    """How the file differs from what would be rendered, and its lines with their sources.

    A line that the kit would not render has none; of a file that is not there the lines are those that it would have.
    """
    rendered = [source.text for source in sources]
    path = project.folders.root / name
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


def in_words(name: str, number: int, text: str, source: LineSource | None) -> list[str]:
    """One line explained."""
    lead = f"{name}:{number}: {text.strip() or '(empty)'}"
    if source is None:
        return [lead, "  nothing renders this line: it was written by hand, or by an older descriptor"]
    lines = [lead, f"  job       {source.job}"] if source.job else [lead]
    for key in source.keys:
        lines.append(f"  key       {key}{shown_value(key)}")
        lines.append(f"  set by    {origin_of(key)}")
    if not source.keys:
        lines.append("  key       none: the same in every file")
        lines.append("  set by    kit")
    template = f"{source.template}:{source.template_line}" if source.template_line else "none: above every template"
    return [*lines, f"  template  {template}", f"  meaning   {source.meaning}"]


def row(number: int, text: str, source: LineSource | None) -> str:
    """One line explained in one line."""
    if source is None:
        return f"{number:5}  {text[:60]:60}  nothing renders this line"
    keys = ", ".join(f"{key} ({origin_of(key)})" for key in source.keys) or "kit"
    return f"{number:5}  {text[:60]:60}  {keys}"


def origin_of(key: Key) -> str:
    """Who set a key."""
    return str(key.origin) if key.setting is not None else "kit default"


def shown_value(key: Key) -> str:
    """A single value or a short list behind its key; of larger ones nothing."""
    if key.setting is None or key.setting.entries is not None:
        return ""
    text = flow(key.setting.plain())
    return f" = {text}" if len(text) <= LONGEST_VALUE else ""


def as_json(number: int, text: str, source: LineSource | None) -> Mapping[str, Value]:
    """One line explained, for a machine."""
    document: dict[str, Value] = {"line": number, "text": text, "rendered": source is not None}
    if source is None:
        return document
    keys: list[Value] = [key_as_json(key) for key in source.keys]
    document.update(job=source.job, keys=keys, template=None, meaning=source.meaning)
    if source.template_line:
        document["template"] = {"file": source.template, "line": source.template_line}
    return document


def key_as_json(key: Key) -> Mapping[str, Value]:
    """A key with its origin."""
    place = key.origin.position
    return {
        "path": str(key),
        "layer": key.origin.layer.value,
        "file": place.file if place else None,
        "line": place.line if place else None,
    }
