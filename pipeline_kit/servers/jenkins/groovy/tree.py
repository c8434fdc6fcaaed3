"""Statements of a Jenkinsfile with their blocks, for adoption and for comparison."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pipeline_kit.servers.jenkins.groovy.syntax import (
    Group,
    Part,
    Statement,
    closure_body,
    grouped,
    is_symbol,
    statements,
)
from pipeline_kit.servers.jenkins.groovy.tokens import Form, Token, tokenize

_ESCAPE = re.compile(r"\\(\r?\n|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "\n": "", "\r\n": ""}


def parse(text: str) -> list[Statement]:
    """The clauses at the top of a file. Raises GroovyError."""
    return _clauses(grouped(tokenize(text)))


def body(statement: Statement) -> list[Statement] | None:
    """The clauses in the statement's closures, those among its arguments included; `None` where it has no closure."""
    closures = list(_closures(statement.parts))
    return [clause for closure in closures for clause in _clauses(closure_body(closure))] if closures else None


def everything_in(statement: Statement) -> Iterator[Statement]:
    """All clauses inside the statement at any depth, in the order of the file."""
    for clause in body(statement) or ():
        yield clause
        yield from everything_in(clause)


def name_of(statement: Statement) -> str:
    """The dotted name that the statement begins with, such as `docker.image` or `@Library`; empty without one."""
    tokens = tokens_of(statement)
    mark = "@" if tokens and tokens[0].is_symbol("@") else ""
    rest = tokens[1:] if mark else tokens
    if not rest or rest[0].form is not Form.NAME:
        return mark
    name = mark + rest[0].text
    for dot, member in zip(rest[1::2], rest[2::2], strict=False):
        if not dot.is_symbol(".") or member.form is not Form.NAME:
            break
        name += f".{member.text}"
    return name


def tokens_of(statement: Statement) -> list[Token]:
    """The statement's tokens with its brackets, without its closures and line ends."""
    return list(_tokens(statement.parts))


def strings_of(statement: Statement) -> list[Token]:
    """The strings outside its closures."""
    return [token for token in tokens_of(statement) if is_string(token)]


def string_argument(statement: Statement, key: str) -> Token | None:
    """The string after `key:`, or `None`."""
    tokens = tokens_of(statement)
    for name, colon, value in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if name.form is Form.NAME and name.text == key and colon.is_symbol(":") and is_string(value):
            return value
    return None


def is_string(token: Token) -> bool:
    """Whether the token is a string, with or without interpolation."""
    return token.form in (Form.STRING, Form.GSTRING)


def value_of(token: Token) -> str:
    """The text of a string with its escapes resolved; interpolation stays as it is written."""
    return _ESCAPE.sub(lambda escape: _ESCAPES.get(escape[1], escape[1]), token.text)


def shown(statement: Statement) -> str:
    """The statement on one line, without its closures."""
    text = " ".join(f"'{value_of(token)}'" if is_string(token) else token.text for token in tokens_of(statement))
    return re.sub(r"(?<=\w) \. (?=\w)", ".", text).replace("@ ", "@")


def _clauses(parts: tuple[Part, ...]) -> list[Statement]:
    """The statements, each cut behind its closures: `try { } finally { }` are two."""
    clauses: list[Statement] = []
    for statement in statements(parts):
        start = 0
        for end, part in enumerate(statement.parts, start=1):
            if (isinstance(part, Group) and part.is_of("{")) or end == len(statement.parts):
                clauses.append(Statement(statement.parts[start:end]))
                start = end
    return clauses


def _closures(parts: Sequence[Part]) -> Iterator[Group]:
    for part in parts:
        if isinstance(part, Group):
            if part.is_of("{"):
                yield part
            else:
                yield from _closures(part.parts)


def _tokens(parts: Sequence[Part]) -> Iterator[Token]:
    for part in parts:
        if isinstance(part, Token):
            if part.form is not Form.NEWLINE and not is_symbol(part, ";"):
                yield part
        elif not part.is_of("{"):
            yield part.open
            yield from _tokens(part.parts)
            yield part.close
