"""The values of a YAML text with their places. Nothing is interpreted: no tag, no merge key, no type of a scalar.

The classes are written out, since a file has thousands of nodes and each command reads one: no decorator makes a class
in a hundredth of the time, or fills its fields as fast. They are equal by identity only, and never changed.
"""

from __future__ import annotations

TEXT_TAGS = ("!", "tag:yaml.org,2002:str")


class Scalar:
    """A single value: its text, and how it is written (`'`, `"`, `|`, `>`, or empty without quotes)."""

    __slots__ = ("column", "line", "style", "tag", "text")

    def __init__(self, line: int, column: int, text: str, style: str, tag: str | None) -> None:
        self.line = line
        self.column = column
        self.text = text
        self.style = style
        self.tag = tag

    @property
    def plain(self) -> bool:
        """Whether a reader decides by the text what it is: no quotes, and no tag that makes it text."""
        return not self.style and self.tag not in TEXT_TAGS


class Sequence:
    """A list."""

    __slots__ = ("column", "items", "line", "tag")

    def __init__(self, line: int, column: int, items: list[Node], tag: str | None) -> None:
        self.line = line
        self.column = column
        self.items = items
        self.tag = tag


class Entry:
    """A key with its value, as they are written: a key may be there twice, and `<<` is a key like any other.

    `key_alias` is the line and column of the alias, if the key is one: its node is that of the anchor.
    """

    __slots__ = ("key", "key_alias", "value")

    def __init__(self, key: Node, value: Node, key_alias: tuple[int, int] | None) -> None:
        self.key = key
        self.value = value
        self.key_alias = key_alias


class Mapping:
    """Keys and values in the order of the text."""

    __slots__ = ("column", "entries", "line", "tag")

    def __init__(self, line: int, column: int, entries: list[Entry], tag: str | None) -> None:
        self.line = line
        self.column = column
        self.entries = entries
        self.tag = tag


Node = Scalar | Sequence | Mapping
"""A value. An alias is the very node of its anchor, so nodes may be shared, but none holds itself."""
