"""Where a line of a CI file comes from, as text and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.descriptor.printing import flow
from pipeline_kit.render.keys import Key
from pipeline_kit.render.sources import LineSource

LONGEST_VALUE = 80

Line = tuple[int, str, LineSource | None]
"""A line's number, its text, and its source, which only a rendered line has."""


def as_lines(name: str, number: int, text: str, source: LineSource | None) -> list[str]:
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
