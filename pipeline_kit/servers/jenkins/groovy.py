"""A Jenkinsfile as blocks of statements: strings, comments and brackets are understood, expressions are not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

LARGEST = 200_000  # characters
DEEPEST = 40

_BLANK = re.compile(r"\s*")
_WORD = re.compile(r"[A-Za-z_@][A-Za-z0-9_.]*")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "\n": ""}


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a string with its value, or one sign; `expands` where Groovy would put values into the string."""

    kind: str
    text: str
    line: int
    expands: bool = False


@dataclass(slots=True)
class Statement:
    """A statement: its tokens before a block, and the block's statements where one follows."""

    tokens: list[Token] = field(default_factory=list)
    block: list[Statement] | None = None

    @property
    def name(self) -> str:
        """Its first word, or nothing."""
        return self.tokens[0].text if self.tokens and self.tokens[0].kind == "word" else ""

    @property
    def line(self) -> int:
        """The line it begins on."""
        return self.tokens[0].line if self.tokens else 1

    def strings(self) -> list[Token]:
        """The strings among its tokens."""
        return [token for token in self.tokens if token.kind == "string"]

    def named(self, key: str) -> Token | None:
        """The string behind `key:`, or none."""
        for before, colon, value in zip(self.tokens, self.tokens[1:], self.tokens[2:], strict=False):
            if before.text == key and before.kind == "word" and colon.text == ":" and value.kind == "string":
                return value
        return None

    def shown(self) -> str:
        """It as text, for people."""
        return " ".join(f"'{token.text}'" if token.kind == "string" else token.text for token in self.tokens)


def read_groovy(text: str) -> list[Statement]:
    """The file's statements; what follows an unclosed string or bracket is taken as it comes."""
    if len(text) > LARGEST:
        return []
    tokens = list(_tokens(text))
    statements, _ = _statements(tokens, 0, 0)
    return statements


def _tokens(text: str) -> Iterator[Token]:
    index, line = 0, 1
    while index < len(text):
        letter = text[index]
        if letter == "\n":
            blank = _BLANK.match(text, index)
            end = blank.end() if blank else index + 1
            yield Token("end", "\n", line)
            line += text.count("\n", index, end)
            index = end
        elif letter.isspace():
            index += 1
        elif text.startswith("//", index) or (text.startswith("#!", index) and index == 0):
            index = _find(text, "\n", index)
        elif text.startswith("/*", index):
            end = _find(text, "*/", index + 2)
            line += text.count("\n", index, end)
            index = end + 2
        elif letter in "'\"":
            token, end = _string(text, index, line)
            yield token
            line += text.count("\n", index, end)
            index = end
        elif match := _WORD.match(text, index):
            yield Token("word", match.group(), line)
            index = match.end()
        else:
            yield Token("sign", letter, line)
            index += 1


def _find(text: str, needle: str, start: int) -> int:
    number = text.find(needle, start)
    return len(text) if number < 0 else number


def _string(text: str, start: int, line: int) -> tuple[Token, int]:
    """The string that begins there, and the place behind it."""
    quote = text[start : start + 3] if text[start : start + 3] in ("'''", '"""') else text[start]
    index = start + len(quote)
    parts: list[str] = []
    expands = False
    while index < len(text) and not text.startswith(quote, index):
        letter = text[index]
        if letter == "\\" and index + 1 < len(text):
            following = text[index + 1]
            parts.append(_ESCAPES.get(following, following))
            index += 2
            continue
        if letter == "\n" and len(quote) == 1:
            break  # an unclosed string ends with its line
        if letter == "$" and quote[0] == '"':
            expands = True
        parts.append(letter)
        index += 1
    return Token("string", "".join(parts), line, expands), min(index + len(quote), len(text))


def _statements(tokens: list[Token], index: int, depth: int) -> tuple[list[Statement], int]:
    """The statements up to the bracket that closes this block, and the place behind it."""
    statements: list[Statement] = []
    current = Statement()
    inside = 0  # of round and square brackets, where a line's end ends nothing

    def close() -> None:
        nonlocal current
        if current.tokens or current.block is not None:
            statements.append(current)
        current = Statement()

    while index < len(tokens):
        token = tokens[index]
        index += 1
        if token.kind == "end" or (token.kind == "sign" and token.text == ";"):
            if not inside and not _opens_next(tokens, index, current):
                close()
        elif token.kind == "sign" and token.text == "{":
            block, index = _statements(tokens, index, depth + 1) if depth < DEEPEST else ([], index)
            current.block = [*(current.block or ()), *block]
            if not inside:
                close()
        elif token.kind == "sign" and token.text == "}":
            close()
            return statements, index
        else:
            inside += {"(": 1, "[": 1, ")": -1, "]": -1}.get(token.text, 0) if token.kind == "sign" else 0
            inside = max(inside, 0)
            current.tokens.append(token)
    close()
    return statements, index


def _opens_next(tokens: list[Token], index: int, current: Statement) -> bool:
    """Whether the next line only opens the block of a statement, as in `stage('x')` and `{` below it."""
    while index < len(tokens) and tokens[index].kind == "end":
        index += 1
    return bool(current.tokens) and index < len(tokens) and tokens[index].kind == "sign" and tokens[index].text == "{"
