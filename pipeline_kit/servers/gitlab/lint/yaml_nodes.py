"""The values of a YAML file with their places, as far as the linter needs them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What YAML 1.1, which GitLab reads, takes a scalar for."""

    NULL = "nothing"
    BOOLEAN = "a boolean"
    INTEGER = "a number"
    FLOAT = "a decimal number"
    DATE = "a date"
    TEXT = "text"


# https://yaml.org/type/ as Ruby's Psych reads it: no `y` and `n`.
_PATTERNS = (
    (Kind.NULL, re.compile(r"~|null|Null|NULL|")),
    (Kind.BOOLEAN, re.compile(r"(yes|true|on|no|false|off)", re.IGNORECASE)),
    (Kind.INTEGER, re.compile(r"[-+]?(0b[01_]+|0x[0-9a-fA-F_]+|0[0-7_,]*|[1-9][0-9_,]*|[0-9]+(:[0-5]?[0-9])+)")),
    (Kind.FLOAT, re.compile(r"[-+]?([0-9][0-9_,]*)?\.[0-9]+([eE][-+][0-9]+)?|[-+]?\.inf|\.nan", re.IGNORECASE)),
    (Kind.FLOAT, re.compile(r"[-+]?[0-9][0-9_,]*\.[0-9]*([eE][-+]?[0-9]+)?")),
    (Kind.DATE, re.compile(r"\d{4}-\d{1,2}-\d{1,2}([Tt ].*)?")),
)


_MAY_BEGIN = frozenset("~nNyYtToOfF-+.0123456789")  # as values other than text do


@dataclass(frozen=True, slots=True, eq=False)
class Scalar:
    """A single value; `plain` means without quotes."""

    line: int
    column: int
    text: str
    plain: bool = True

    @property
    def kind(self) -> Kind:
        """What YAML takes it for."""
        if not self.plain:
            return Kind.TEXT
        if self.text and self.text[0] not in _MAY_BEGIN:
            return Kind.TEXT
        return next((kind for kind, pattern in _PATTERNS if pattern.fullmatch(self.text)), Kind.TEXT)

    @property
    def absent(self) -> bool:
        """Whether it is a null, which GitLab treats as a key that is not there."""
        return self.plain and self.kind is Kind.NULL

    @property
    def dynamic(self) -> bool:
        """Whether an input decides its value when the pipeline is made."""
        return "$[[" in self.text


@dataclass(frozen=True, slots=True, eq=False)
class Sequence:
    """A list."""

    line: int
    column: int
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """A `!reference [job, key, ...]`."""

    line: int
    column: int
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A key with its value."""

    key: Scalar
    value: Node


@dataclass(frozen=True, slots=True, eq=False)
class Mapping:
    """Keys and values, merge keys resolved."""

    line: int
    column: int
    entries: dict[str, Entry]

    def get(self, key: str) -> Node | None:
        """The value of a key, or None where it is absent or null."""
        entry = self.entries.get(key)
        if entry is None or (isinstance(entry.value, Scalar) and entry.value.absent):
            return None
        return entry.value

    def text(self, key: str) -> Scalar | None:
        """The value of a key where it is a scalar that no input decides."""
        value = self.get(key)
        return value if isinstance(value, Scalar) and not value.dynamic else None


Node = Scalar | Sequence | Mapping | Reference


def flat(node: Node | None, budget: int = 20_000) -> list[Node]:
    """The items of a list and of the lists in it; a single value is a list of one. It ends after `budget` values."""
    nodes: list[Node] = []
    waiting = [] if node is None else [node]
    while waiting and budget:
        budget -= 1
        item = waiting.pop()
        if isinstance(item, Sequence):
            waiting.extend(reversed(item.items))
        else:
            nodes.append(item)
    return nodes
