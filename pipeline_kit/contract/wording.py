"""What was found as words: on one line, without characters that a terminal or YAML would not show."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline_kit.terminal import escaped

LONGEST = 100


def word_set(text: str) -> frozenset[str]:
    """The set of words in a text."""
    return frozenset(text.split())


def is_visible(text: str) -> bool:
    """Whether a reader sees all of a text; line ends and tabs count as seen."""
    return all(letter.isprintable() or letter in "\n\t" for letter in text)


def readable(text: str, longest: int = LONGEST) -> str:
    """The text on one line, odd characters escaped, cut where it is long."""
    line = escaped(" ".join(text.split()))
    return line if len(line) <= longest else line[: longest - 3].rstrip() + "..."


def some(names: Sequence[object], most: int = 3) -> str:
    """The first few of them, and how many more."""
    shown = [readable(str(name)) for name in names[:most]]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")
