"""Reads YAML as GitLab does, with places, tags, anchors and merge keys; no depth and no alias can exhaust it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import yaml

from pipeline_kit.servers.gitlab.lint.yaml_nodes import Entry, Mapping, Node, Reference, Scalar, Sequence

DEEPEST = 60
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_REFERENCE = "!reference"
_TEXT_TAGS = ("!", "!!str", "tag:yaml.org,2002:str")
_HINTS = (
    ("mapping values are not allowed", 'quote a value that holds ": ", and give each key a line of its own'),
    ("expected ':'", "end the key with a colon and a space, and align it with the keys around it"),
    ("did not find expected key", "align the key with the keys around it, and close every quote"),
    ("did not find expected '-'", "begin each entry of the list with `- `, at the same indentation"),
    ("did not find expected ',' or", "close the bracket, and put a comma between entries"),
    ("unexpected end of stream", "close the quote or bracket that is open here"),
    ("cannot start any token", "quote a value that begins with one of @ ` % or a tab"),
    ("did not find expected alphabetic", "quote a value that begins with * or &"),
)

Report = Callable[[str, int, int, str, str | None], None]
"""Takes `syntax`, `root` (a duplicate root key) or `duplicate` (another one), line, column, message and hint."""


@dataclass(slots=True)
class _Frame:
    line: int
    column: int
    is_map: bool
    anchor: str | None
    tag: str | None
    items: list[Node] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)
    own: dict[str, Scalar] = field(default_factory=dict)  # the keys that are written here, not merged
    key: Scalar | None = None


class _StopReadingError(Exception):
    """Nothing sensible can be read from here on; the reason has been reported."""


class YamlFile:
    """The documents of a YAML file, and the `!reference` tags in it. What is wrong goes to `report`."""

    def __init__(self, text: str, report: Report) -> None:
        self.documents: list[Node] = []
        self.references: list[Reference] = []
        self._report = report
        self._stack: list[_Frame] = []
        self._anchors: dict[str, Node | None] = {}
        try:
            for event in yaml.parse(text, Loader=_LOADER):
                self._take(event)
        except yaml.YAMLError as error:
            self.documents = []
            self._syntax(error, text)
        except _StopReadingError:
            self.documents = []

    def _take(self, event: Any) -> None:
        """Takes one event of the parser, the most frequent kinds first."""
        mark = event.start_mark
        line, column = mark.line + 1, mark.column + 1
        if isinstance(event, yaml.ScalarEvent):
            plain = not event.style and (event.tag is None or event.tag not in _TEXT_TAGS)
            self._scalar(Scalar(line, column, event.value, plain), event.anchor)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._open(event, line, column)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._close()
        elif isinstance(event, yaml.AliasEvent):
            self._alias(str(event.anchor), line, column)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._anchors = {}

    def _scalar(self, node: Scalar, anchor: str | None) -> None:
        if anchor is not None:
            self._anchors[anchor] = node
        frame = self._stack[-1] if self._stack else None
        if frame is not None and frame.is_map and frame.key is None:
            frame.key = node
        else:
            self._place(node)

    def _open(self, event: Any, line: int, column: int) -> None:
        if len(self._stack) >= DEEPEST:
            self._stop(line, column, f"values are nested deeper than {DEEPEST} levels", "flatten them")
        frame = self._stack[-1] if self._stack else None
        if frame is not None and frame.is_map and frame.key is None:
            self._stop(line, column, "a list or a mapping cannot be a key", "quote a key that begins with a bracket")
        is_map = isinstance(event, yaml.MappingStartEvent)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        self._stack.append(_Frame(line, column, is_map, event.anchor, event.tag))

    def _close(self) -> None:
        frame = self._stack.pop()
        node = self._made(frame)
        if frame.anchor is not None:
            self._anchors[frame.anchor] = node
        self._place(node)

    def _made(self, frame: _Frame) -> Node:
        if frame.is_map:
            return Mapping(frame.line, frame.column, frame.entries)
        if frame.tag == _REFERENCE and all(isinstance(item, Scalar) for item in frame.items):
            path = tuple(item.text for item in frame.items if isinstance(item, Scalar))
            self.references.append(Reference(frame.line, frame.column, path))
            return self.references[-1]
        return Sequence(frame.line, frame.column, tuple(frame.items))

    def _alias(self, anchor: str, line: int, column: int) -> None:
        known = self._anchors.get(anchor)
        if anchor not in self._anchors:
            self._stop(
                line,
                column,
                f"the alias *{anchor[:40]} has no anchor before it",
                f"mark a value with &{anchor[:40]} above",
            )
        if known is None:
            self._stop(line, column, f"the alias *{anchor[:40]} is inside its own value", "write the value out")
        frame = self._stack[-1] if self._stack else None
        if frame is not None and frame.is_map and frame.key is None:
            if not isinstance(known, Scalar):
                self._stop(line, column, "a list or a mapping cannot be a key", "write the key out")
            elif isinstance(known, Scalar):
                frame.key = Scalar(line, column, known.text, known.plain)
            return
        if known is not None:
            self._place(known)

    def _place(self, node: Node) -> None:
        """Puts a finished value where it belongs."""
        if not self._stack:
            self.documents.append(node)
            return
        frame = self._stack[-1]
        if not frame.is_map:
            frame.items.append(node)
            return
        key, frame.key = frame.key, None
        if key is None:
            return
        if key.text == "<<" and key.plain:
            _merge(frame, node)
            return
        first = frame.own.get(key.text)
        if first is not None:
            message = f"the key `{key.text[:80]}` is here twice: GitLab drops the first, at line {first.line}"
            self._report("duplicate" if len(self._stack) > 1 else "root", key.line, key.column, message, None)
        frame.own[key.text] = key
        frame.entries[key.text] = Entry(key, node)

    def _stop(self, line: int, column: int, message: str, hint: str) -> None:
        self._report("syntax", line, column, message, hint)
        raise _StopReadingError

    def _syntax(self, error: yaml.YAMLError, text: str) -> None:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        message = " ".join(
            str(getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable").split()
        )
        lines = text.splitlines()
        own = lines[line - 1] if line <= len(lines) else ""
        if "\t" in own[: len(own) - len(own.lstrip())]:
            self._report("syntax", line, column, "a tab indents this line, which YAML forbids", "indent with spaces")
            return
        hint = next((hint for start, hint in _HINTS if start in message), "see the line above as well")
        self._report("syntax", line, column, f"not valid YAML: {message}", hint)


def _merge(frame: _Frame, node: Node) -> None:
    """Merges as Ruby's YAML does: in the order of the lines, so that a later `<<` replaces what comes before it."""
    merged: dict[str, Entry] = {}
    for item in reversed(node.items) if isinstance(node, Sequence) else (node,):
        if isinstance(item, Mapping):
            merged.update(item.entries)
    frame.entries.update(merged)
