"""An effective descriptor as YAML text that the kit reads as the same values."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from pipeline_kit.descriptor.origin import Origin, Setting
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.yaml.scalar import resolve

LONGEST_LINE = 100
WIDEST_COMMENT_COLUMN = 64
PLAIN = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./@+*-]*")
SHORT_BOOLEANS = {"y", "n"}  # of YAML 1.1: https://yaml.org/type/bool.html

Line = tuple[str, Origin | None]


def as_yaml(root: Setting, *, origins: bool = False) -> str:
    """The settings as YAML; with `origins` each value's layer and place follow as a comment."""
    lines = list(entry_lines(root, 0))
    if not origins:
        return "".join(f"{text}\n" for text, _ in lines)
    widths = [len(text) for text, origin in lines if origin is not None and len(text) <= WIDEST_COMMENT_COLUMN]
    column = max(widths, default=0)
    return "".join(f"{text}\n" if origin is None else f"{text:<{column}}  # {origin}\n" for text, origin in lines)


def entry_lines(setting: Setting, depth: int) -> Iterator[Line]:
    """The lines of a mapping's entries; a line that holds a value has its origin."""
    for key, entry in (setting.entries or {}).items():
        yield from value_lines(f"{'  ' * depth}{scalar_text(key)}:", entry, depth)


def value_lines(lead: str, setting: Setting, depth: int) -> Iterator[Line]:
    """The lines of a value behind its key or dash."""
    if setting.entries:
        yield lead, None
        yield from entry_lines(setting, depth + 1)
    elif setting.items and not fits(lead, setting):
        yield lead, None
        for item in setting.items:
            yield from item_lines(item, depth + 1)
    else:
        yield f"{lead} {flow(setting.plain())}", setting.origin


def item_lines(item: Setting, depth: int) -> Iterator[Line]:
    """The lines of one item of a list, led by a dash."""
    dash = f"{'  ' * depth}- "
    if item.entries:
        (first, origin), *rest = entry_lines(item, depth + 1)
        yield dash + first[len(dash) :], origin
        yield from rest
    else:
        yield dash + flow(item.plain()), item.origin


def fits(lead: str, setting: Setting) -> bool:
    """Whether a list fits on one line: its items are single values, few, and on no lines of their own in the file."""
    place = setting.origin.position
    for item in setting.items or ():
        inner = item.origin.position
        if item.entries or item.items or (place and inner and inner.line != place.line):
            return False
    return len(f"{lead} {flow(setting.plain())}") <= LONGEST_LINE


def flow(value: Value) -> str:
    """A value on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar_text(key)}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(entry) for entry in value) + "]"
    return scalar_text(value) if isinstance(value, str) else json.dumps(value)


def scalar_text(text: str) -> str:
    """A text as a YAML scalar: plain where every reader takes it for that text, else as in JSON."""
    plain = PLAIN.fullmatch(text) and resolve(text) == text and text.lower() not in SHORT_BOOLEANS
    return text if plain else json.dumps(text, ensure_ascii=False)
