"""Statements of Groovy as far as a declarative pipeline has them: a head, arguments, and a block."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline_kit.servers.jenkins.groovy.tokens import Form, GroovyError, Token

_CLOSES = {"(": ")", "[": "]", "{": "}"}
# A line that ends with one of these continues in the next one.
_GO_ON = frozenset((
    ",", "+", "-", "*", "/", "%", "&&", "||", "==", "!=", "<=", ">=", "<", ">", "=", "?", ":", ".", "?.", "->",
    "+=", "=~", "==~", "?:", "<<",
))  # fmt: skip
# So does one whose next line begins with one of these.
_BEGIN_ON = frozenset([".", "?.", "?:", "&&", "||", "?", ":", "==", "!=", "=~", "==~", "*."])
_DEEPEST = 150


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """The content between two brackets; `open` and `close` are the brackets."""

    open: Token
    close: Token
    parts: tuple[Part, ...]

    @property
    def line(self) -> int:
        """Where it begins."""
        return self.open.line

    @property
    def column(self) -> int:
        """Where it begins."""
        return self.open.column

    def is_of(self, bracket: str) -> bool:
        """Whether it begins with that bracket."""
        return self.open.text == bracket


Part = Token | Group


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """One statement: its parts without the line ends."""

    parts: tuple[Part, ...]

    @property
    def line(self) -> int:
        """Where it begins."""
        return self.parts[0].line

    @property
    def column(self) -> int:
        """Where it begins."""
        return self.parts[0].column

    @property
    def name(self) -> str:
        """The name it begins with, or nothing."""
        first = self.parts[0]
        return first.text if isinstance(first, Token) and first.form is Form.NAME else ""

    @property
    def block(self) -> Group | None:
        """The closure it ends with."""
        last = self.parts[-1]
        return last if isinstance(last, Group) and last.is_of("{") else None

    @property
    def arguments(self) -> tuple[Part, ...]:
        """The parts between the name and the block, a pair of parentheses around all of it opened."""
        inner = self.parts[1:-1] if self.block is not None and len(self.parts) > 1 else self.parts[1:]
        if len(inner) == 1 and isinstance(inner[0], Group) and inner[0].is_of("("):
            inner = inner[0].parts
        return tuple(part for part in inner if not (isinstance(part, Token) and part.form is Form.NEWLINE))

    def named(self) -> dict[str, tuple[Part, ...]]:
        """The arguments that are written `name: value`."""
        result: dict[str, tuple[Part, ...]] = {}
        for part in split(self.arguments):
            if len(part) > 2 and isinstance(part[0], Token) and is_symbol(part[1], ":"):
                result[part[0].text] = part[2:]
        return result


def is_symbol(part: Part | None, text: str) -> bool:
    """Whether the part is that symbol."""
    return isinstance(part, Token) and part.is_symbol(text)


def split(parts: tuple[Part, ...]) -> list[tuple[Part, ...]]:
    """The arguments between the commas."""
    result: list[list[Part]] = [[]]
    for part in parts:
        if is_symbol(part, ","):
            result.append([])
        else:
            result[-1].append(part)
    return [tuple(child) for child in result if child]


def grouped(tokens: list[Token]) -> tuple[Part, ...]:
    """The tokens with all brackets paired. Raises GroovyError where one is open, or closes nothing."""
    stack: list[tuple[Token | None, list[Part]]] = [(None, [])]
    for token in tokens:
        if token.form is not Form.SYMBOL or token.text not in "()[]{}":
            stack[-1][1].append(token)
        elif token.text in _CLOSES:
            if len(stack) > _DEEPEST:
                raise GroovyError(token.line, token.column, "brackets are nested too deep", "split the file")
            stack.append((token, []))
        else:
            opening, parts = stack.pop()
            if opening is None:
                message = f"`{token.text}` closes nothing"
                raise GroovyError(token.line, token.column, message, "remove it, or open a bracket before it")
            if _CLOSES[opening.text] != token.text:
                message = f"`{token.text}` closes the `{opening.text}` of line {opening.line}"
                hint = f"close it with `{_CLOSES[opening.text]}` first"
                raise GroovyError(token.line, token.column, message, hint)
            stack[-1][1].append(Group(opening, token, tuple(parts)))
    opening, parts = stack[-1]
    if opening is not None:
        hint = f"add the missing `{_CLOSES[opening.text]}`"
        raise GroovyError(opening.line, opening.column, f"this `{opening.text}` is never closed", hint)
    return tuple(parts)


def statements(parts: tuple[Part, ...]) -> list[Statement]:
    """The statements that the parts of a block make."""
    result: list[Statement] = []
    current: list[Part] = []
    for at, part in enumerate(parts):
        if isinstance(part, Token) and (part.form is Form.NEWLINE or part.is_symbol(";")):
            if current and (part.form is not Form.NEWLINE or not _goes_on(current, parts, at)):
                result.append(Statement(tuple(current)))
                current = []
        else:
            current.append(part)
    if current:
        result.append(Statement(tuple(current)))
    return result


def _goes_on(current: list[Part], parts: tuple[Part, ...], at: int) -> bool:
    """Whether the statement continues after the line end at `at`."""
    last = current[-1]
    if isinstance(last, Token) and last.form is Form.SYMBOL and last.text in _GO_ON:
        return True
    following = next((part for part in parts[at:] if not (isinstance(part, Token) and part.form is Form.NEWLINE)), None)
    if isinstance(following, Token) and following.form is Form.SYMBOL and following.text in _BEGIN_ON:
        return True
    if isinstance(following, Group) and following.is_of("{"):  # Allman style
        return not (isinstance(last, Group) and last.is_of("{"))
    return isinstance(following, Token) and following.text in ("else", "catch", "finally") and isinstance(last, Group)


def closure_body(group: Group) -> tuple[Part, ...]:
    """The parts of a closure without its parameters (`name ->`)."""
    for at, part in enumerate(group.parts[:12]):
        if is_symbol(part, "->"):
            return group.parts[at + 1 :]
    return group.parts
