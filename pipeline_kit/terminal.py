"""Foreign text as a terminal may get it: it is shown, and never acted on."""

from __future__ import annotations

import re

SPACES = "\n\t\xa0\u2007\u2009\u202f\u3000"
"""What is not printable to Python, and yet only takes room."""
COLOUR = r"(\x1b\[[0-9;]*m)"
CONTROL = r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b.?|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
"""What a program may write to move the cursor or change colours (ECMA-48), and every other control character.

Both are compiled at their first use: every command imports this module, and few meet such a text.
"""


def escaped(text: str, keep: str = "") -> str:
    """The text with every character escaped that is not printable, but for those in `keep`."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() or letter in keep else ascii(letter)[1:-1] for letter in text)


def visible(text: str) -> str:
    """The text with every character escaped that a terminal acts on or does not show; line ends and spaces stay."""
    return text if text.replace("\n", "").isprintable() else escaped(text, SPACES)


def plain(text: str) -> str:
    """Text that cannot move the cursor, ring, or colour what follows it."""
    return text if text.isprintable() else re.sub(CONTROL, "", text)


def logged(line: str) -> str:
    """A line of a program's output without what moves a terminal's cursor; colours stay, for CI servers show them."""
    if line.isprintable():
        return line
    kept = "".join(part if re.fullmatch(COLOUR, part) else plain(part) for part in re.split(COLOUR, line))
    return kept.encode("utf-8", "replace").decode()
