"""What is wrong with a YAML text, and where."""

from __future__ import annotations

import re

import yaml

HINTS = (
    ("mapping values are not allowed", 'quote a value that holds ": ", and give each key a line of its own'),
    ("expected ':'", "end the key with a colon and a space, and align it with the keys around it"),
    ("did not find expected key", "align the key with the keys around it, and close every quote"),
    ("did not find expected '-'", "begin each entry of the list with `- `, at the same indentation"),
    ("did not find expected ',' or", "close the bracket, and put a comma between entries"),
    ("unexpected end of stream", "close the quote or bracket that is open here"),
    ("cannot start any token", "quote a value that begins with one of @ ` % or a tab"),
    ("did not find expected alphabetic", "quote a value that begins with * or &"),
)
NOT_YAML = "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
"""A character that no YAML text has: https://yaml.org/spec/1.2.2/#51-character-set."""


class YamlError(Exception):
    """A text that cannot be read: line and column from 1, a message, and the next step."""

    def __init__(self, line: int, column: int, message: str, hint: str) -> None:
        super().__init__(f"{line}:{column}: {message}")
        self.line = line
        self.column = column
        self.message = message
        self.hint = hint


def syntax_error(error: yaml.YAMLError, text: str) -> YamlError:
    """The error of PyYAML's parser with its place."""
    if bad := re.search(NOT_YAML, text):
        return character_error(text, bad.start())
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    lines = text.splitlines()
    written = lines[line - 1] if line <= len(lines) else ""
    if "\t" in written[: len(written) - len(written.lstrip())]:
        return YamlError(line, column, "a tab indents this line, which YAML forbids", "indent with spaces")
    reason = getattr(error, "problem", None) or getattr(error, "reason", None) or error
    message = " ".join(str(reason).split())
    hint = next((hint for start, hint in HINTS if start in message), "see the line above as well")
    return YamlError(line, column, f"not valid YAML: {message}", hint)


def character_error(text: str, index: int) -> YamlError:
    """The error for a character that YAML does not allow."""
    line, column = place_in(text, index)
    return YamlError(line, column, f"not valid YAML: it has the character U+{ord(text[index]):04X}", "remove it")


def place_in(text: str, index: int) -> tuple[int, int]:
    """The line and the column, both from 1, of a character."""
    return text.count("\n", 0, index) + 1, index - (text.rfind("\n", 0, index) + 1) + 1
