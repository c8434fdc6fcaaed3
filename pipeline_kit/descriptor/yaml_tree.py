"""Reads YAML into a tree with places, strictly: whatever two YAML readers may understand differently is a problem.

Works on the parser's events, so that nothing is expanded or built before it has been counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from pipeline_kit.descriptor.model import Position
from pipeline_kit.descriptor.problem import Problems, shown
from pipeline_kit.descriptor.scalar import Refusal, resolve
from pipeline_kit.descriptor.tree import Entry, ListNode, MapNode, Node, ScalarNode
from pipeline_kit.frozen import frozen

LARGEST_FILE = 1 << 20  # bytes
DEEPEST = 32
MOST_VALUES = 50_000  # after aliases, so that a small file cannot become a large tree

# Control characters, line ends that YAML 1.1 and 1.2 see differently, lone surrogates, and marks that reorder what
# a reader sees (https://trojansource.codes).
_UNPRINTABLE = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u2028-\\u202e\\u2066-\\u2069\\ufeff\\ufffe\\uffff\\ud800-\\udfff]"
)
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_SYNTAX_HINTS = (
    ("mapping values are not allowed", 'a value that holds ": " must be quoted, and each key needs a line of its own'),
    ("expected ':'", "a key is followed by a colon and a space; align it with the keys around it"),
    ("did not find expected key", "align the key with the keys around it, and close every quote"),
    ("did not find expected '-'", "begin each entry of the list with `- `, at the same indentation"),
    ("did not find expected ',' or", "close the bracket, and put a comma between entries"),
    ("unexpected end of stream", "close the quote or the bracket that is open here"),
    ("cannot start any token", "quote a value that begins with one of @ ` % or a tab"),
    ("undefined alias", "define it with & before it is used, or write the value out"),
)


@dataclass(slots=True)
class _Frame:
    """A list or mapping that is still open; `size` counts the values in it, `height` its levels."""

    position: Position
    is_map: bool
    anchor: str | None
    items: list[Node] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)
    key: tuple[str, Position] | None = None
    skips: bool = False  # the key is refused, so its value is left out
    refused: bool = False
    size: int = 1
    height: int = 1


@frozen
class _Anchored:
    """What an anchor names, once it is whole."""

    node: Node
    size: int
    height: int


def read_tree(content: bytes, file: str, problems: Problems) -> MapNode | None:
    """The file's mapping, or none where it cannot be read as one; what is wrong goes to `problems`."""
    text = _decode(content, file, problems)
    if text is None:
        return None
    try:
        root = _Builder(file, problems).build(text)
    except yaml.YAMLError as error:
        _syntax_problem(error, text, file, problems)
        return None
    if root is None:
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
        problems.add(_at(file, before, len(before)), "the file is not UTF-8 from here on", "save it as UTF-8")
        return None
    if bad := _UNPRINTABLE.search(text.replace("\r\n", "\n ")):
        place = _at(file, text, bad.start())
        problems.add(place, f"the invisible character U+{ord(bad.group()):04X} is not allowed", "remove it")
        return None
    return text


def _at(file: str, text: str, index: int) -> Position:
    return Position(file, text.count("\n", 0, index) + 1, index - (text.rfind("\n", 0, index) + 1) + 1)


def _syntax_problem(error: yaml.YAMLError, text: str, file: str, problems: Problems) -> None:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    position = Position(file, mark.line + 1, mark.column + 1) if mark else Position(file, 1, 1)
    message = " ".join(str(getattr(error, "problem", None) or error).split())
    lines = text.splitlines()
    line = lines[position.line - 1] if position.line <= len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        problems.add(position, "a tab indents this line, which YAML forbids", "indent with spaces")
        return
    hint = next((hint for start, hint in _SYNTAX_HINTS if start in message), "see the line above as well")
    problems.add(position, f"not valid YAML: {message}", hint)


class _Builder:
    """Builds the tree from parser events, with a stack of its own: no depth of input can exhaust Python's."""

    def __init__(self, file: str, problems: Problems) -> None:
        self.file = file
        self.problems = problems
        self.stack: list[_Frame] = []
        self.anchors: dict[str, _Anchored | None] = {}  # None while the anchored value is still open
        self.root: Node | None = None
        self.documents = 0

    def build(self, text: str) -> Node | None:
        """The document's root, or none after a problem that ends the reading."""
        for event in _events(text):
            position = Position(self.file, event.start_mark.line + 1, event.start_mark.column + 1)
            if not self._take(event, position):
                return None
        if self.root is None:
            self.problems.add(Position(self.file, 1, 1), "the file is empty", "begin with `version: 1`")
        return self.root

    def _take(self, event: Any, position: Position) -> bool:
        """Takes one event; false ends the reading."""
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, position)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(str(event.anchor), position)
        if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            return self._open(event, position)
        if isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            return self._close()
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                self.problems.add(position, "a second document begins here", "keep one document: remove the `---`")
                return False
        return True

    def _open(self, event: Any, position: Position) -> bool:
        if len(self.stack) >= DEEPEST:
            return self._too_deep(position)
        if self._awaits_key():
            self.problems.add(
                position,
                "a list or a mapping cannot be a key",
                "use text as the key; quote a value that begins with a bracket",
            )
            return False
        refused = self._tagged(event, position)
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        is_map = isinstance(event, yaml.MappingStartEvent)
        self.stack.append(_Frame(position, is_map, event.anchor, refused=refused))
        return True

    def _close(self) -> bool:
        frame = self.stack.pop()
        node: Node = (
            MapNode(frame.position, frame.entries) if frame.is_map else ListNode(frame.position, tuple(frame.items))
        )
        if frame.refused:
            node = ScalarNode(frame.position, None, refused=True)
        return self._place(node, frame.anchor, frame.size, frame.height)

    def _scalar(self, event: Any, position: Position) -> bool:
        quoted = event.style is not None and event.style != ""
        text: str = event.value
        if self._awaits_key():
            return self._key(text, quoted, event, position)
        refused = self._tagged(event, position)
        if event.style == '"' and (bad := _UNPRINTABLE.search(text)):  # only there can an escape make one
            refused = True
            self._invisible("value", bad.group(), position)
        value = text if quoted else resolve(text)
        if isinstance(value, Refusal):
            self.problems.add(position, value.reason, value.hint)
            value, refused = text, True
        if not text and not quoted and self.stack and self.stack[-1].key:
            position = self.stack[-1].key[1]  # nothing is written: point at the key that lacks it
        return self._place(ScalarNode(position, value, text, refused), event.anchor)

    def _key(self, text: str, quoted: bool, event: Any, position: Position) -> bool:
        frame = self.stack[-1]
        frame.key, frame.skips = (text, position), True
        if self._tagged(event, position):
            return True
        if not quoted and text == "<<":
            self.problems.add(position, "merge keys are not allowed", "write the entries out; layers merge for you")
        elif not quoted and not isinstance(resolve(text), str):
            message = (
                f"the key `{text[:40]}` is not plainly text to YAML" if text else "a key is missing before the colon"
            )
            hint = "the key of a job's starters is `events`" if text == "on" else f"quote it: {shown(text)}"
            self.problems.add(position, message, hint)
        elif event.style == '"' and (bad := _UNPRINTABLE.search(text)):
            self._invisible("key", bad.group(), position)
        elif text in frame.entries:
            first = frame.entries[text].position
            self.problems.add(position, f"the key {shown(text)} is here twice", f"first at {first}: keep one")
        else:
            frame.skips = False
        return True

    def _alias(self, anchor: str, position: Position) -> bool:
        if self._awaits_key():
            self.problems.add(position, "an alias cannot be a key", "write the key out")
            return False
        if anchor not in self.anchors:
            hint = f"mark a value with &{anchor[:40]} above"
            self.problems.add(position, f"the alias *{anchor[:40]} has no anchor before it", hint)
            return False
        known = self.anchors[anchor]
        if known is None:
            self.problems.add(position, f"the alias *{anchor[:40]} is inside its own value", "write the value out")
            return False
        if len(self.stack) + known.height > DEEPEST:
            return self._too_deep(position)
        return self._place(known.node, None, known.size, known.height)

    def _place(self, node: Node, anchor: str | None, size: int = 1, height: int = 0) -> bool:
        """Puts a finished value where it belongs."""
        if anchor is not None:
            self.anchors[anchor] = _Anchored(node, size, height)
        if not self.stack:
            self.root = node
            return self._small_enough(size, node.position)
        frame = self.stack[-1]
        frame.size += size
        frame.height = max(frame.height, height + 1)
        if frame.is_map and frame.key:
            key, position = frame.key
            if not frame.skips:
                frame.entries[key] = Entry(position, node)
            frame.key = None
        else:
            frame.items.append(node)
        return self._small_enough(frame.size, node.position)

    def _small_enough(self, size: int, position: Position) -> bool:
        if size <= MOST_VALUES:
            return True
        self.problems.add(position, f"the file holds more than {MOST_VALUES} values", "keep data in files of its own")
        return False

    def _invisible(self, what: str, character: str, position: Position) -> None:
        self.problems.add(position, f"the {what} holds the invisible character U+{ord(character):04X}", "remove it")

    def _too_deep(self, position: Position) -> bool:
        self.problems.add(position, f"values are nested deeper than {DEEPEST} levels", "flatten them")
        return False

    def _awaits_key(self) -> bool:
        return bool(self.stack) and self.stack[-1].is_map and self.stack[-1].key is None

    def _tagged(self, event: Any, position: Position) -> bool:
        """Whether the value carries a tag, which is reported."""
        if event.tag is None:
            return False
        self.problems.add(position, f"the tag {shown(event.tag)} is not allowed", "write the plain value")
        return True


def _events(text: str) -> Iterator[Any]:
    yield from yaml.parse(text, Loader=_LOADER)
