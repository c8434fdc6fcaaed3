"""YAML documents as nodes that know their lines; alias bombs and deep nesting are refused before anything is built."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

DEEPEST = 60
MOST_EVENTS = 200_000
LARGEST = 2 << 20
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Place:
    """A node: its line, and what it holds. What is missing is a place too, empty, at its parent's line."""

    node: Any
    line: int

    def get(self, *keys: str) -> Place:
        """The value below these keys, or an empty place."""
        here = self
        for key in keys:
            here = here._value(key)
        return here

    def _value(self, key: str) -> Place:
        if isinstance(self.node, yaml.MappingNode):
            for name, value in self.node.value:
                if name.value == key:
                    return Place(value, name.start_mark.line + 1)
        return Place(None, self.line)

    def entries(self) -> Iterator[tuple[str, Place]]:
        """Keys and values of a mapping; none of anything else."""
        if isinstance(self.node, yaml.MappingNode):
            for name, value in self.node.value:
                if isinstance(name, yaml.ScalarNode):
                    yield str(name.value), Place(value, name.start_mark.line + 1)

    def items(self) -> Iterator[Place]:
        """The items of a list; none of anything else."""
        if isinstance(self.node, yaml.SequenceNode):
            for entry in self.node.value:
                yield Place(entry, entry.start_mark.line + 1)

    @property
    def text(self) -> str:
        """The scalar as it is written, or nothing."""
        return str(self.node.value) if isinstance(self.node, yaml.ScalarNode) else ""

    @property
    def missing(self) -> bool:
        """Whether there is nothing here."""
        return self.node is None or (isinstance(self.node, yaml.ScalarNode) and self.node.value in ("", "~", "null"))

    @property
    def true(self) -> bool:
        """Whether it reads as true."""
        return self.text.lower() in ("true", "yes", "on")

    @property
    def false(self) -> bool:
        """Whether it reads as false."""
        return self.text.lower() in ("false", "no", "off")


def documents(text: str) -> list[Place]:
    """The documents of a YAML text; none where it is not YAML, as a template is not, or is made to exhaust a reader."""
    if len(text) > LARGEST or not _harmless(text):
        return []
    try:
        nodes = [node for node in yaml.compose_all(text, Loader=_LOADER) if node is not None]
    except (yaml.YAMLError, RecursionError, ValueError):
        return []
    return [Place(node, node.start_mark.line + 1) for node in nodes]


def _harmless(text: str) -> bool:
    depth = 0
    try:
        for number, event in enumerate(yaml.parse(text, Loader=_LOADER)):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > DEEPEST or number > MOST_EVENTS:
                return False
    except (yaml.YAMLError, ValueError):
        return False
    return True
