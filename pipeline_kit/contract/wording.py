"""What was found as words: on one line, without characters that a terminal or YAML would not show."""

from __future__ import annotations

import re
from collections.abc import Sequence

LONGEST = 100
SPACES = "\n\t\xa0\u2007\u2009\u202f\u3000"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
COLOURS = re.compile(r"(\x1b\[[0-9;]*m)")
# What a program may write to move the cursor or change colours (ECMA-48), and every other control character.
CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b.?|[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def word_set(text: str) -> frozenset[str]:
    """The set of words in a text."""
    return frozenset(text.split())


def is_visible(text: str) -> bool:
    """Whether a reader sees all of a text; line ends, tabs and spaces of other widths count as seen."""
    return text.isprintable() or all(letter.isprintable() or letter in SPACES for letter in text)


def visible(text: str) -> str:
    """The text with every character escaped that a terminal acts on or does not show; line ends and tabs stay."""
    if is_visible(text):
        return text
    return "".join(letter if is_visible(letter) else ascii(letter)[1:-1] for letter in text)


def plain(text: str) -> str:
    """Text that cannot move the cursor, ring, or colour what follows it."""
    return CONTROL.sub("", text)


def logged(line: str) -> str:
    """A line of a program's output without what moves a terminal's cursor; colours stay, for CI servers show them."""
    if line.isprintable():
        return line
    kept = "".join(part if COLOUR.fullmatch(part) else plain(part) for part in COLOURS.split(line))
    return kept.encode("utf-8", "replace").decode()


def readable(text: str, longest: int = LONGEST) -> str:
    """The text on one line, odd characters escaped, cut where it is long."""
    line = " ".join(text.split())
    line = "".join(text if text.isprintable() else ascii(text)[1:-1] for text in line)
    return line if len(line) <= longest else line[: longest - 3].rstrip() + "..."


def some(names: Sequence[object], most: int = 3) -> str:
    """The first few of them, and how many more."""
    shown = [readable(str(name)) for name in names[:most]]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")
