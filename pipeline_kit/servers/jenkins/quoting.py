"""Values as Groovy's text: whatever they hold, they arrive as data and never as code."""

from __future__ import annotations


def groovy_string(text: str) -> str:
    """The text as a single-quoted Groovy string, in which nothing is interpolated.

    Everything outside printable ASCII is escaped: https://groovy-lang.org/syntax.html#_escaping_special_characters
    """
    return "'" + "".join(groovy_character(character) for character in text) + "'"


def groovy_character(character: str) -> str:
    """One character inside a single-quoted Groovy string."""
    named = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    if character in named:
        return named[character]
    if " " <= character <= "~":
        return character
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at] << 8 | units[at + 1]:04x}" for at in range(0, len(units), 2))
