"""A YAML file as a tree with the place of each key and value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field

from pipeline_kit.descriptor.model import Position
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.frozen import frozen


@frozen
class ScalarNode:
    """A single value. `written` is its text in the file; a `refused` one has been reported already."""

    position: Position
    value: bool | int | float | str | None
    written: str = ""
    refused: bool = False


@frozen
class ListNode:
    """A list of values."""

    position: Position
    items: tuple[Node, ...] = ()


@frozen
class Entry:
    """A key's place and its value."""

    position: Position
    node: Node


@frozen
class MapNode:
    """A mapping, in the order of the file."""

    position: Position
    entries: Mapping[str, Entry] = field(default_factory=dict)

    def get(self, key: str) -> Node | None:
        """The value of a key, or None."""
        entry = self.entries.get(key)
        return entry.node if entry else None

    def child(self, key: str) -> MapNode:
        """The mapping under a key; empty if it is missing."""
        node = self.get(key)
        return node if isinstance(node, MapNode) else MapNode(self.position)

    def place(self, key: str) -> Position:
        """The place of a key, or of the mapping if it has no such key."""
        entry = self.entries.get(key)
        return entry.position if entry else self.position


Node = ScalarNode | ListNode | MapNode


def plain(node: Node) -> Value:
    """The tree's values alone, as JSON has them."""
    if isinstance(node, MapNode):
        return {key: plain(entry.node) for key, entry in node.entries.items()}
    if isinstance(node, ListNode):
        return [plain(item) for item in node.items]
    return node.value


def words(node: Node | None) -> Iterator[tuple[str, Position]]:
    """The texts of a list with their places; other items are left out."""
    for item in node.items if isinstance(node, ListNode) else ():
        if isinstance(item, ScalarNode) and isinstance(item.value, str) and not item.refused:
            yield item.value, item.position


def kind_of(node: Node) -> str:
    """The kind of a value, for a message."""
    if isinstance(node, MapNode):
        return "a mapping"
    if isinstance(node, ListNode):
        return "a list"
    names = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
    return names.get(type(node.value), "nothing")
