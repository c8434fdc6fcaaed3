"""Reads YAML into nodes, from the parser's events: nothing is expanded or built before it has been counted.

The stack is the reader's own, so no depth of input can exhaust Python's; an alias is counted by the size and the height
of what it names, so a small text cannot become a large tree.
"""

from __future__ import annotations

from typing import Any, NoReturn

import yaml

from pipeline_kit.frozen import frozen
from pipeline_kit.yaml.errors import YamlError, character_error, syntax_error
from pipeline_kit.yaml.nodes import Entry, Mapping, Node, Scalar, Sequence

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
NESTED_KEY = "a list or a mapping cannot be a key"


@frozen
class Limits:
    """How much a text may hold: characters, levels of lists and mappings, values with aliases, and documents."""

    characters: int
    levels: int
    values: int
    documents: int | None = None


class _Frame:
    """A list or mapping that is still open; `size` counts the values in it, `height` its levels."""

    __slots__ = ("anchor", "entries", "height", "items", "key", "key_alias", "node", "size")

    def __init__(self, node: Sequence | Mapping, anchor: str | None) -> None:
        self.node = node
        self.items = node.items if isinstance(node, Sequence) else None
        self.entries = node.entries if isinstance(node, Mapping) else []
        self.anchor = anchor
        self.key: Node | None = None
        self.key_alias: tuple[int, int] | None = None
        self.size = 1
        self.height = 1


def read_documents(text: str, limits: Limits) -> list[Node]:
    """The documents of a text, each by its root. Raises YamlError where it is not YAML, or exceeds a limit."""
    if len(text) > limits.characters:
        raise YamlError(
            1, 1, f"the text is larger than {size_shown(limits.characters)}", "keep data in files of its own"
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise character_error(text, error.start) from None
    builder = _Builder(limits)
    try:
        for event in yaml.parse(text, Loader=LOADER):
            builder.take(event)
    except yaml.YAMLError as error:
        raise syntax_error(error, text) from None
    return builder.documents


def first_document(text: str, limits: Limits) -> Node | None:
    """The first document's root; None where the text is empty, or cannot be read."""
    return next(iter(_readable_documents(text, limits)), None)


def last_document(text: str, limits: Limits) -> Node | None:
    """The last document's root; None where the text is empty, or cannot be read."""
    return next(reversed(_readable_documents(text, limits)), None)


def _readable_documents(text: str, limits: Limits) -> list[Node]:
    try:
        return read_documents(text, limits)
    except YamlError:
        return []


def size_shown(characters: int) -> str:
    """A limit of characters as a message shows it."""
    return f"{characters >> 20} MiB" if characters >= 1 << 20 else f"{characters} characters"


class _Builder:
    """Takes the parser's events one by one; `documents` are the roots of those that have ended."""

    def __init__(self, limits: Limits) -> None:
        self.documents: list[Node] = []
        self._limits = limits
        self._begun = 0
        self._values = 0  # of the documents that have ended
        self._stack: list[_Frame] = []
        # The node that an anchor names, its size and its height; None while it is still open.
        self._anchors: dict[str, tuple[Node, int, int] | None] = {}
        self._takes = {
            yaml.ScalarEvent: self._scalar,
            yaml.AliasEvent: self._alias,
            yaml.MappingStartEvent: self._open,
            yaml.SequenceStartEvent: self._open,
            yaml.MappingEndEvent: self._close,
            yaml.SequenceEndEvent: self._close,
            yaml.DocumentStartEvent: self._document,
        }

    def take(self, event: Any) -> None:
        """Takes one event."""
        if method := self._takes.get(type(event)):
            method(event)

    def _document(self, event: Any) -> None:
        self._begun += 1
        self._anchors = {}
        if self._limits.documents is not None and self._begun > self._limits.documents:
            self._stop(event, "a second document begins here", "keep one document: remove the `---`")

    def _scalar(self, event: Any) -> None:
        mark = event.start_mark
        node = Scalar(mark.line + 1, mark.column + 1, event.value, event.style or "", event.tag)
        self._place(event, node, event.anchor)

    def _open(self, event: Any) -> None:
        if len(self._stack) >= self._limits.levels:
            self._too_deep(event)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        mark = event.start_mark
        kind = Mapping if type(event) is yaml.MappingStartEvent else Sequence
        self._stack.append(_Frame(kind(mark.line + 1, mark.column + 1, [], event.tag), event.anchor))

    def _close(self, event: Any) -> None:
        frame = self._stack.pop()
        self._place(event, frame.node, frame.anchor, frame.size, frame.height)

    def _alias(self, event: Any) -> None:
        anchor = str(event.anchor)
        if anchor not in self._anchors:
            hint = f"mark a value with &{anchor[:40]} above"
            self._stop(event, f"the alias *{anchor[:40]} has no anchor before it", hint)
        known = self._anchors[anchor]
        if known is None:
            self._stop(event, f"the alias *{anchor[:40]} is inside its own value", "write the value out")
        node, size, height = known
        if len(self._stack) + height > self._limits.levels:
            self._too_deep(event)
        if self._stack and self._stack[-1].key is None:
            self._stack[-1].key_alias = (event.start_mark.line + 1, event.start_mark.column + 1)
        self._place(event, node, None, size, height)

    def _place(self, event: Any, node: Node, anchor: str | None, size: int = 1, height: int = 0) -> None:
        """Puts a finished value where it belongs."""
        if anchor is not None:
            self._anchors[anchor] = (node, size, height)
        if not self._stack:
            self.documents.append(node)
            self._values += size
            if self._values > self._limits.values:
                self._too_many(event)
            return
        frame = self._stack[-1]
        if height >= frame.height:
            frame.height = height + 1
        if frame.items is not None:
            frame.items.append(node)
        elif frame.key is None:
            frame.key = node
            size -= 1
        else:
            frame.entries.append(Entry(frame.key, node, frame.key_alias))
            frame.key = frame.key_alias = None
        frame.size += size
        if frame.size > self._limits.values:
            self._too_many(event)

    def _too_many(self, event: Any) -> NoReturn:
        self._stop(event, f"the file holds more than {self._limits.values} values", "keep data in files of its own")

    def _too_deep(self, event: Any) -> NoReturn:
        self._stop(event, f"values are nested deeper than {self._limits.levels} levels", "flatten them")

    def _stop(self, event: Any, message: str, hint: str) -> NoReturn:
        raise YamlError(event.start_mark.line + 1, event.start_mark.column + 1, message, hint)
