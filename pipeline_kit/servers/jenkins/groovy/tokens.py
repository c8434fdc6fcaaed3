"""Groovy's tokens, by the rules of Groovy 2.4's own lexer, which Jenkins uses.

tree-sitter-groovy was tried and left: it reads common valid Jenkinsfiles as errors (`agent { label 'x' }` before
`parameters` is enough) and loses their nesting there, so it cannot distinguish a broken file from a valid one.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple


class Form(Enum):
    """What a token is."""

    NAME = "name"
    STRING = "string"  # without interpolation
    GSTRING = "gstring"
    NUMBER = "number"
    SYMBOL = "symbol"
    NEWLINE = "newline"


class Token(NamedTuple):
    """One token: its text (of a string: what is between the quotes), and where it begins.

    A tuple, because a big file has tens of thousands and a dataclass takes three times as long to make.
    """

    form: Form
    text: str
    line: int
    column: int

    def is_symbol(self, text: str) -> bool:
        """Whether it is that symbol."""
        return self.form is Form.SYMBOL and self.text == text


class GroovyError(Exception):
    """The text cannot be Groovy; says where and why."""

    def __init__(self, line: int, column: int, message: str, hint: str) -> None:
        super().__init__(message)
        self.line, self.column, self.message, self.hint = line, column, message, hint


_TOKEN = re.compile(
    r"""(?P<space>(?:[ \t\f\r]|\\\r?\n|[^\x00-\x7f\w])+)
    |(?P<newline>\n)
    |(?P<dollar>\$/)
    |(?P<name>[^\W\d][\w$]*|\$[\w$]*)
    |(?P<quote>['"])
    |(?P<comment>//[^\n]*)
    |(?P<block>/\*)
    |(?P<slash>/)
    |(?P<number>0[xX][0-9a-fA-F_]+|\d[\d_]*(?:\.\d[\d_]*)?(?:[eE][+-]?\d+)?[gGlLiIdDfF]?)
    |(?P<symbol><=>|==~|=~|\*\*=|>>>=|<<=|>>=|\.\.<|\.\.\.|\.\.|\?\.|\?:|\*\.|\.&|\+\+|--|->|&&|\|\||==|!=|<=|>=
        |\+=|-=|\*=|%=|&=|\|=|\^=|\*\*|<<|[-+*%<>=!&|^~?:;,.@(){}\[\]])""",
    re.VERBOSE,
)
_FORMS = {"newline": Form.NEWLINE, "name": Form.NAME, "number": Form.NUMBER, "symbol": Form.SYMBOL}
# After one of these a slash divides; everywhere else it begins a pattern (antlr2 `allowRegexpLiteral`).
_ENDS_EXPRESSION = frozenset([")", "]", "}", "++", "--"])
_BEFORE_PATTERN = frozenset(["return", "in", "case", "instanceof", "assert", "throw", "else"])
_PLAIN = {"'": re.compile(r"[^'\\\n]*"), '"': re.compile(r'[^"\\\n$]*')}
_TRIPLE = {"'''": re.compile(r"[^'\\]*"), '"""': re.compile(r'[^"\\$]*')}
_SLASHY = re.compile(r"[^/\\\n$]*")
_DEEPEST = 30


def tokenize(text: str) -> list[Token]:
    """The tokens of the text, comments left out. Raises GroovyError where a string or a comment is not closed."""
    return _Lexer(text).run()


class _Lexer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.line, self.line_start = 1, 0
        self.found: list[Token] = []
        self.last_dollar_slash = text.rfind("/$")

    def run(self) -> list[Token]:
        text, find = self.text, _TOKEN.match
        at = len(text.split("\n", 1)[0]) if text.startswith("#!") else 0
        while at < len(text):
            match = find(text, at)
            if match is None:
                message = f"the character {text[at]!r} means nothing in Groovy"
                raise GroovyError(*self.place(at), message, "quote or remove it")
            kind, end = match.lastgroup or "", match.end()
            form = _FORMS.get(kind)
            if form is not None:
                self.found.append(Token(form, match[0], self.line, at - self.line_start + 1))
            elif kind not in ("space", "comment"):
                end = self.special(kind, at)
            if kind == "newline":
                self.line, self.line_start = self.line + 1, end
            elif kind not in ("name", "symbol", "number", "comment"):
                self.pass_lines(at, end)
            at = end
        return self.found

    def special(self, kind: str, at: int) -> int:
        """Takes a string, a pattern, a comment of several lines or a division; returns where it ends."""
        text = self.text
        if kind == "quote":
            return self.string(at)
        if kind == "block":
            end = text.find("*/", at + 2)
            if end < 0:
                raise GroovyError(*self.place(at), "a comment is not closed", "close it with */")
            return end + 2
        if self.pattern_may_begin():
            end = self.slashy(at) if kind == "slash" else self.dollar_slashy(at)
            if end:
                inner = text[at + 1 : end - 1] if kind == "slash" else text[at + 2 : end - 2]
                return self.keep(Form.GSTRING, inner, at, end)
        if kind == "dollar":
            return self.keep(Form.NAME, "$", at, at + 1)
        end = at + 2 if text.startswith("/=", at) else at + 1
        return self.keep(Form.SYMBOL, text[at:end], at, end)

    def keep(self, form: Form, text: str, at: int, end: int) -> int:
        self.found.append(Token(form, text, self.line, at - self.line_start + 1))
        return end

    def pass_lines(self, at: int, end: int) -> None:
        """Counts the lines between two places."""
        lines = self.text.count("\n", at, end)
        if lines:
            self.line += lines
            self.line_start = self.text.rfind("\n", at, end) + 1

    def place(self, at: int) -> tuple[int, int]:
        """The line and column of a place."""
        return self.text.count("\n", 0, at) + 1, at - self.text.rfind("\n", 0, at)

    def dollar_slashy(self, at: int) -> int:
        """Where a `$/.../$` ends, or 0."""
        return self.text.find("/$", at + 2) + 2 if at + 2 <= self.last_dollar_slash else 0

    def pattern_may_begin(self) -> bool:
        last = self.found[-1] if self.found else None
        if last is None or last.form is Form.NEWLINE:
            return True
        if last.form is Form.NAME:
            return last.text in _BEFORE_PATTERN
        return last.form is Form.SYMBOL and last.text not in _ENDS_EXPRESSION

    def slashy(self, at: int) -> int:
        """Where a pattern that begins at `at` ends; 0 if it is not one: it must not be empty, and may span lines."""
        end = at + 1
        while end < len(self.text):
            match = _SLASHY.match(self.text, end)
            end = match.end() if match else end
            if end >= len(self.text):
                return 0
            if self.text[end] == "/":
                return end + 1 if end > at + 1 else 0
            end += 2 if self.text[end] == "\\" else 1
        return 0

    def string(self, at: int, depth: int = 0) -> int:
        """Takes a string in quotes, with the code in it; returns where it ends."""
        text = self.text
        quote = text[at] * 3 if text.startswith(text[at] * 3, at) else text[at]
        plain = (_TRIPLE if len(quote) == 3 else _PLAIN)[quote]
        end = at + len(quote)
        interpolated = False
        while True:
            match = plain.match(text, end)
            end = match.end() if match else end
            if end >= len(text) or (text[end] == "\n" and len(quote) == 1):
                raise GroovyError(*self.place(at), "a string is not closed", f"close it with {quote}")
            if text.startswith(quote, end):
                break
            if text[end] == "\\":
                end += 2
            elif text[end] == "$" and text.startswith("${", end):
                interpolated = True
                end = self.code(end + 2, depth)
            else:
                interpolated = interpolated or (text[end] == "$" and text[end + 1 : end + 2].isalpha())
                end += 1
        if depth == 0:
            form = Form.GSTRING if interpolated else Form.STRING
            self.keep(form, text[at + len(quote) : end], at, end)
        return end + len(quote)

    def code(self, at: int, depth: int) -> int:
        """Where the code of a `${...}` ends: at the brace that closes it, whatever strings and braces it holds."""
        if depth > _DEEPEST:
            raise GroovyError(*self.place(at), "strings are nested too deep", "build the text in steps")
        start, braces = at, 1
        while at < len(self.text):
            character = self.text[at]
            if character in "'\"":
                at = self.string(at, depth + 1)
                continue
            braces += (character == "{") - (character == "}")
            at += 1
            if not braces:
                return at
        raise GroovyError(*self.place(start), "a ${ is not closed", "close it with }")
