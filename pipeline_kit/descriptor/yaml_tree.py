"""Reads YAML into a tree with places, strictly: whatever two YAML readers may understand differently is a problem."""

from __future__ import annotations

import re

from pipeline_kit.descriptor.model import Position
from pipeline_kit.descriptor.problem import Problems, shown
from pipeline_kit.descriptor.tree import Entry, ListNode, MapNode, Node, ScalarNode
from pipeline_kit.yaml import nodes
from pipeline_kit.yaml.errors import YamlError, place_in
from pipeline_kit.yaml.reader import NESTED_KEY, Limits, read_documents
from pipeline_kit.yaml.scalar import Refusal, resolve

LARGEST_FILE = 1 << 20  # bytes
LIMITS = Limits(characters=LARGEST_FILE, levels=32, values=50_000, documents=1)

# Control characters, line ends that YAML 1.1 and 1.2 see differently, lone surrogates, and marks that reorder what
# a reader sees (https://trojansource.codes).
_UNPRINTABLE = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u2028-\\u202e\\u2066-\\u2069\\ufeff\\ufffe\\uffff\\ud800-\\udfff]"
)


def read_tree(content: bytes, file: str, problems: Problems) -> MapNode | None:
    """The file's mapping; None where it cannot be read as one. What is wrong goes to `problems`."""
    text = _decode(content, file, problems)
    if text is None:
        return None
    try:
        roots = read_documents(text, LIMITS)
        root = _Tree(file, problems).value(roots[0], Position(file, 1, 1)) if roots else None
    except YamlError as error:
        problems.add(Position(file, error.line, error.column), error.message, error.hint)
        return None
    if root is None:
        problems.add(Position(file, 1, 1), "the file is empty", "begin with `version: 1`")
        return None
    if not isinstance(root, MapNode):
        problems.add(root.position, "the file must hold a mapping of keys", "begin with `version: 1`")
        return None
    return root


def _decode(content: bytes, file: str, problems: Problems) -> str | None:
    start = Position(file, 1, 1)
    if len(content) > LARGEST_FILE:
        problems.add(start, f"the file is larger than {LARGEST_FILE >> 20} MiB", "keep data in files of its own")
        return None
    if content.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        problems.add(start, "the file begins with a byte order mark", "save it as UTF-8 without one")
        return None
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        before = content[: error.start].decode()
        problems.add(
            Position(file, *place_in(before, len(before))), "the file is not UTF-8 from here on", "save it as UTF-8"
        )
        return None
    if bad := _UNPRINTABLE.search(text.replace("\r\n", "\n ")):
        place = Position(file, *place_in(text, bad.start()))
        problems.add(place, f"the invisible character U+{ord(bad.group()):04X} is not allowed", "remove it")
        return None
    return text


class _Tree:
    """Makes the descriptor's values of YAML's nodes, and reports what a descriptor does not allow."""

    def __init__(self, file: str, problems: Problems) -> None:
        self._file = file
        self._problems = problems
        self._made: dict[int, Node] = {}  # by the identity of the node: what an alias names is made, and reported, once

    def value(self, node: nodes.Node, key: Position) -> Node:
        """The value of a node; `key` is the place of its key. The reader's limits bound the recursion."""
        if isinstance(node, nodes.Scalar):
            return self._scalar(node, key)
        if id(node) not in self._made:
            self._made[id(node)] = self._list(node) if isinstance(node, nodes.Sequence) else self._mapping(node)
        return self._made[id(node)]

    def _scalar(self, node: nodes.Scalar, key: Position) -> ScalarNode:
        # Where nothing is written, the place is that of the key that lacks its value.
        position = self._position(node) if node.text or node.style else key
        refused = self._tagged(node) or self._invisible("value", node)
        value = node.text if node.style else resolve(node.text)
        if isinstance(value, Refusal):
            self._problems.add(position, value.reason, value.hint)
            value, refused = node.text, True
        return ScalarNode(position, value, node.text, refused)

    def _list(self, node: nodes.Sequence) -> Node:
        position, refused = self._position(node), self._tagged(node)
        items = tuple(self.value(item, self._position(item)) for item in node.items)
        return ScalarNode(position, None, refused=True) if refused else ListNode(position, items)

    def _mapping(self, node: nodes.Mapping) -> Node:
        position, refused = self._position(node), self._tagged(node)
        entries: dict[str, Entry] = {}
        for entry in node.entries:
            key, place = entry.key, self._position(entry.key)
            if entry.key_alias:
                raise YamlError(*entry.key_alias, "an alias cannot be a key", "write the key out")
            if not isinstance(key, nodes.Scalar):
                hint = "use text as the key; quote a value that begins with a bracket"
                raise YamlError(key.line, key.column, NESTED_KEY, hint)
            usable = self._usable(key, place, entries)
            value = self.value(entry.value, place)
            if usable:
                entries[key.text] = Entry(place, value)
        return ScalarNode(position, None, refused=True) if refused else MapNode(position, entries)

    def _usable(self, key: nodes.Scalar, position: Position, entries: dict[str, Entry]) -> bool:
        """Whether a key may be used; what is wrong with it is reported."""
        text = key.text
        if self._tagged(key):
            return False
        if not key.style and text == "<<":
            self._problems.add(position, "merge keys are not allowed", "write the entries out; layers merge for you")
            return False
        if not key.style and not isinstance(resolve(text), str):
            message = f"the key `{text[:40]}` is not plainly text to YAML"
            hint = "the key of a job's starters is `events`" if text == "on" else f"quote it: {shown(text)}"
            self._problems.add(position, message if text else "a key is missing before the colon", hint)
            return False
        if self._invisible("key", key):
            return False
        if first := entries.get(text):
            message = f"the key {shown(text)} is here twice"
            self._problems.add(position, message, f"first at {first.position}: keep one")
            return False
        return True

    def _invisible(self, what: str, node: nodes.Scalar) -> bool:
        """Whether an escape, which only double quotes have, makes an invisible character; it is reported."""
        bad = _UNPRINTABLE.search(node.text) if node.style == '"' else None
        if bad:
            message = f"the {what} holds the invisible character U+{ord(bad.group()):04X}"
            self._problems.add(self._position(node), message, "remove it")
        return bad is not None

    def _tagged(self, node: nodes.Node) -> bool:
        """Whether the value carries a tag, which is reported."""
        if node.tag is None:
            return False
        message = f"the tag {shown(node.tag)} is not allowed"
        self._problems.add(self._position(node), message, "write the plain value")
        return True

    def _position(self, node: nodes.Node) -> Position:
        return Position(self._file, node.line, node.column)
