"""Reads YAML as GitLab does: keys that are there twice, merge keys in Ruby's order, and `!reference`."""

from __future__ import annotations

from collections.abc import Callable

from pipeline_kit.servers.gitlab.lint.yaml_nodes import Entry, Mapping, Node, Reference, Scalar, Sequence
from pipeline_kit.yaml import nodes
from pipeline_kit.yaml.errors import YamlError
from pipeline_kit.yaml.reader import NESTED_KEY, Limits, read_documents

LIMITS = Limits(characters=8 << 20, levels=60, values=1_000_000)
_REFERENCE = "!reference"

Report = Callable[[str, int, int, str, str | None], None]
"""Takes `syntax`, `root` (a duplicate root key) or `duplicate` (another one), line, column, message and hint."""


class YamlFile:
    """The documents of a YAML file, and the `!reference` tags in it. What is wrong goes to `report`."""

    def __init__(self, text: str, report: Report) -> None:
        self.documents: list[Node] = []
        self.references: list[Reference] = []
        self._report = report
        self._made: dict[int, Node] = {}  # by the identity of the node: what an alias names is made, and reported, once
        try:
            roots = read_documents(text, LIMITS)
            self.documents = [self._value(root, 0) for root in roots]
        except YamlError as error:
            report("syntax", error.line, error.column, error.message, error.hint)

    def _value(self, node: nodes.Node, level: int) -> Node:
        """The linter's value of a node; `level` counts the mappings and lists around it."""
        if isinstance(node, nodes.Scalar):
            return Scalar(node.line, node.column, node.text, node.plain)
        known = self._made.get(id(node))
        if known is None:
            known = self._mapping(node, level) if isinstance(node, nodes.Mapping) else self._list(node, level)
            self._made[id(node)] = known
        return known

    def _list(self, node: nodes.Sequence, level: int) -> Node:
        items = tuple(self._value(item, level + 1) for item in node.items)
        if node.tag == _REFERENCE and all(isinstance(item, Scalar) for item in items):
            path = tuple(item.text for item in items if isinstance(item, Scalar))
            self.references.append(Reference(node.line, node.column, path))
            return self.references[-1]
        return Sequence(node.line, node.column, items)

    def _mapping(self, node: nodes.Mapping, level: int) -> Mapping:
        entries: dict[str, Entry] = {}
        written: dict[str, Scalar] = {}  # the keys that are written here, not merged
        for entry in node.entries:
            if not isinstance(entry.key, nodes.Scalar):
                raise YamlError(entry.key.line, entry.key.column, NESTED_KEY, "quote a key that begins with a bracket")
            key = Scalar(entry.key.line, entry.key.column, entry.key.text, entry.key.plain)
            value = self._value(entry.value, level + 1)
            if key.text == "<<" and key.plain:
                entries.update(merged(value))
                continue
            if first := written.get(key.text):
                message = f"the key `{key.text[:80]}` is here twice: GitLab drops the first, at line {first.line}"
                self._report("duplicate" if level else "root", key.line, key.column, message, None)
            written[key.text] = key
            entries[key.text] = Entry(key, value)
        return Mapping(node.line, node.column, entries)


def merged(node: Node) -> dict[str, Entry]:
    """The entries that a merge key adds, in Ruby's order: a later `<<` replaces what is before it."""
    entries: dict[str, Entry] = {}
    for item in reversed(node.items) if isinstance(node, Sequence) else (node,):
        if isinstance(item, Mapping):
            entries.update(item.entries)
    return entries
