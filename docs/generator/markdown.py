"""Pieces of Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from pipeline_kit.descriptor.parameter import Value

GENERATED = "<!-- Made by docs/generate.py: change its source, not this page. -->"


def page(title: str, *parts: str) -> str:
    """A whole page; `parts` are its blocks."""
    return "\n\n".join([GENERATED, f"# {title}", *(part.strip("\n") for part in parts if part.strip())]) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, empty where it has no rows."""
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    if not lines:
        return ""
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *lines])


def escaped(text: str) -> str:
    """Text escaped for Markdown, in a table too; text between backticks stays code."""
    parts = " ".join(text.split()).split("`")
    for number in range(0, len(parts), 2):
        for character in "\\*[]<":
            parts[number] = parts[number].replace(character, "\\" + character)
    return "`".join(parts).replace("|", "\\|")


def code(text: str) -> str:
    """Text as code on one line, in a table too."""
    return f"`{text}`".replace("|", "\\|") if text else ""


def value_code(value: Value) -> str:
    """A value as the descriptor writes it: `0.1`, `[a, b]`, `{}`."""
    if isinstance(value, str):
        return code(value)
    return code(json.dumps(value, ensure_ascii=False, allow_nan=False))


def fenced(language: str, text: str) -> str:
    """A fenced block."""
    return f"```{language}\n{text.strip(chr(10))}\n```"


def json_block(document: Mapping[str, Value]) -> str:
    """A JSON document as a block."""
    return fenced("json", json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))


def sentence(text: str) -> str:
    """Text as a sentence: its first letter large, a full stop at its end."""
    whole = text[:1].upper() + text[1:]
    return whole if whole.endswith(".") else whole + "."
