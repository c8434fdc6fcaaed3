"""Ways through the nodes of a text that people wrote for another program: what is missing is None or empty."""

from __future__ import annotations

from pipeline_kit.yaml.nodes import Mapping, Node, Scalar, Sequence
from pipeline_kit.yaml.reader import Limits, first_document

MOST_VALUES = 2_000
"""The values of one list that are looked at."""
BLOCKS = ("|", ">")
LIMITS = Limits(characters=200_000, levels=60, values=100_000)


def root_of(text: str) -> Node | None:
    """The root of a file's first document; None where it is empty, larger than `LIMITS`, or not YAML."""
    return first_document(text, LIMITS)


def entries(node: Node | None) -> dict[str, tuple[Scalar, Node]]:
    """A mapping's entries, key node and value, by the key's text; merge keys are followed, the nearest value wins."""
    pairs: dict[str, tuple[Scalar, Node]] = {}
    waiting = [node]
    met: set[int] = set()  # merging a mapping twice changes nothing, so a bomb of aliases costs nothing
    while waiting:
        current = waiting.pop(0)
        if not isinstance(current, Mapping) or id(current) in met:
            continue
        met.add(id(current))
        for entry in current.entries:
            key = entry.key
            if not isinstance(key, Scalar):
                continue
            if key.text == "<<" and key.plain:
                waiting.extend(entry.value.items if isinstance(entry.value, Sequence) else [entry.value])
            else:
                pairs.setdefault(key.text, (key, entry.value))
    return pairs


def child(node: Node | None, name: str) -> Node | None:
    """The value of a key, None without it."""
    entry = entries(node).get(name)
    return entry[1] if entry else None


def text(node: Node | None) -> str | None:
    """A scalar's text, None for anything else."""
    return node.text if isinstance(node, Scalar) else None


def items(node: Node | None) -> list[Node]:
    """The items of a list; of anything else itself."""
    if node is None:
        return []
    return list(node.items[:MOST_VALUES]) if isinstance(node, Sequence) else [node]


def texts(node: Node | None) -> list[str]:
    """The scalars of a list, or the one scalar."""
    return [item.text for item in items(node) if isinstance(item, Scalar)]


def flat(node: Node | None) -> list[tuple[str, int]]:
    """The scalars of nested lists with their lines, a bounded number of them; tagged lists are left out."""
    lines: list[tuple[str, int]] = []
    waiting = [node]
    for _ in range(MOST_VALUES):  # aliases can make a small file a long list
        if not waiting:
            break
        current = waiting.pop()
        if isinstance(current, Scalar):
            lines.append((current.text, current.line + (1 if current.style in BLOCKS else 0)))
        elif isinstance(current, Sequence) and current.tag is None:
            waiting.extend(reversed(current.items[:MOST_VALUES]))
    return lines
