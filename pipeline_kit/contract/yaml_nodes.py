"""YAML of a repository read as nodes with lines: no tag is acted on, no alias is expanded, nothing is built."""

from __future__ import annotations

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

LARGEST = 200_000  # characters
MOST_BRACKETS = 400  # that are open at once: the parser is recursive
MOST_VALUES = 2_000


def compose(text: str, largest: int = LARGEST) -> Node | None:
    """The first document's root, or None if it cannot be read or has more characters than `largest`."""
    if len(text) > largest or "[" * MOST_BRACKETS in text or "{" * MOST_BRACKETS in text:
        return None
    try:
        loader = yaml.SafeLoader(text)
        try:
            return loader.get_node() if loader.check_node() else None
        finally:
            loader.dispose()
    except (yaml.YAMLError, ValueError, RecursionError):
        return None


def line(node: Node) -> int:
    """The line a node begins on, from 1."""
    return int(node.start_mark.line) + 1


def entries(node: Node | None) -> dict[str, tuple[Node, Node]]:
    """A mapping's entries, key node and value, by the key's text; merge keys are followed, the nearest value wins."""
    result: dict[str, tuple[Node, Node]] = {}
    waiting = [node]
    met: set[int] = set()  # merging a mapping twice changes nothing, so a bomb of aliases costs nothing
    while waiting:
        current = waiting.pop(0)
        if not isinstance(current, MappingNode) or id(current) in met:
            continue
        met.add(id(current))
        for key, value in current.value:
            if not isinstance(key, ScalarNode):
                continue
            if key.value == "<<" and key.style is None:
                waiting.extend(value.value if isinstance(value, SequenceNode) else [value])
            else:
                result.setdefault(str(key.value), (key, value))
    return result


def child(node: Node | None, name: str) -> Node | None:
    """The value of a key, or none."""
    entry = entries(node).get(name)
    return entry[1] if entry else None


def text(node: Node | None) -> str | None:
    """A scalar's text, or none."""
    return str(node.value) if isinstance(node, ScalarNode) else None


def items(node: Node | None) -> list[Node]:
    """The items of a list; of anything else itself."""
    if node is None:
        return []
    return list(node.value)[:MOST_VALUES] if isinstance(node, SequenceNode) else [node]


def texts(node: Node | None) -> list[str]:
    """The scalars of a list, or the one scalar."""
    return [item.value for item in items(node) if isinstance(item, ScalarNode)]


def flat(node: Node | None) -> list[tuple[str, int]]:
    """The scalars of nested lists with their lines, a bounded number of them; tagged references are left out."""
    result: list[tuple[str, int]] = []
    waiting = [node]
    for _ in range(MOST_VALUES):  # aliases can make a small file an endless list
        if not waiting:
            break
        current = waiting.pop()
        if isinstance(current, ScalarNode):
            result.append((str(current.value), line(current) + (1 if current.style in ("|", ">") else 0)))
        elif isinstance(current, SequenceNode) and not is_reference(current):
            waiting.extend(reversed(current.value[:MOST_VALUES]))
    return result


def is_reference(node: Node) -> bool:
    """Whether this is a `!reference [job, key]` of a CI file."""
    return str(node.tag) == "!reference"
