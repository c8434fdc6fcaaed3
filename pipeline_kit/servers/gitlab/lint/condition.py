"""Conditions of `rules:if`, read as GitLab reads them and judged with what is known of an event.

Grammar: https://docs.gitlab.com/ci/jobs/job_rules/#cicd-variable-expressions
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from pipeline_kit.servers.gitlab.expression import COMPARISONS, ConditionError, tokens_of


class Truth(Enum):
    """What is known of a condition."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that is not known; `filled` says that it is at least not empty."""

    filled: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """A branch that is known by its part: the default one (its name is not known), or any other (an example)."""

    part: str
    example: str | None = None


Value = str | None | Unknown | Named
"""None is a variable that does not exist."""


_DEEPEST = 40


def judge(text: str, known: Mapping[str, Value]) -> Truth:
    """What is known of the condition. Raises ConditionError where GitLab cannot read it."""
    tokens = tokens_of(text)
    if tokens is None:
        return Truth.UNKNOWN
    reader = _Reader(tokens, known)
    result = reader.either(0)
    if reader.at < len(tokens):
        raise ConditionError(f"`{tokens[reader.at][1]}` is where `&&` or `||` is expected")
    return _truth(result)


class _Reader:
    def __init__(self, tokens: tuple[tuple[str, str], ...], known: Mapping[str, Value]) -> None:
        self.tokens, self.known, self.at = tokens, known, 0

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def either(self, depth: int) -> Value | Truth:
        joined = self.both(depth)
        while self.peek() == "||":
            self.at += 1
            left, right = _truth(joined), _truth(self.both(depth))
            joined = _joined(left, right, Truth.YES)
        return joined

    def both(self, depth: int) -> Value | Truth:
        joined = self.comparison(depth)
        while self.peek() == "&&":
            self.at += 1
            left, right = _truth(joined), _truth(self.comparison(depth))
            joined = _joined(left, right, Truth.NO)
        return joined

    def comparison(self, depth: int) -> Value | Truth:
        equal = self.operand(depth)
        while self.peek() in COMPARISONS:
            operator = self.peek()
            self.at += 1
            pattern = self.tokens[self.at][1] if self.at < len(self.tokens) else ""
            right = self.operand(depth)
            equal = _equal(equal, right) if operator in ("==", "!=") else _matches(equal, pattern)
            if operator in ("!=", "!~"):
                equal = {Truth.YES: Truth.NO, Truth.NO: Truth.YES}.get(equal, equal)
        return equal

    def operand(self, depth: int) -> Value | Truth:
        if self.at >= len(self.tokens):
            raise ConditionError("it ends where a variable or a text is expected")
        kind, text = self.tokens[self.at]
        self.at += 1
        if text == "(" and kind == "operator":
            if depth > _DEEPEST:
                raise ConditionError("its parentheses are nested too deep")
            result = self.either(depth + 1)
            if self.peek() != ")":
                raise ConditionError("a parenthesis is not closed")
            self.at += 1
            return _truth(result)
        if kind == "operator":
            raise ConditionError(f"`{text}` is where a variable or a text is expected")
        if kind == "variable":
            return self.known.get(text[1:], Unknown())
        if kind == "text":
            return text[1:-1]
        return None if kind == "null" else Unknown(filled=True)


def _truth(value: Value | Truth) -> Truth:
    if isinstance(value, Truth):
        return value
    if isinstance(value, Unknown):
        return Truth.YES if value.filled else Truth.UNKNOWN
    return Truth.YES if value else Truth.NO


def _joined(left: Truth, right: Truth, decides: Truth) -> Truth:
    if decides in (left, right):
        return decides
    return Truth.UNKNOWN if Truth.UNKNOWN in (left, right) else left


def _equal(left: Value | Truth, right: Value | Truth) -> Truth:
    if isinstance(left, Truth) or isinstance(right, Truth):
        return Truth.UNKNOWN
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Unknown):
            empty = other is None or other == ""
            return Truth.NO if one.filled and empty else Truth.UNKNOWN
        if isinstance(one, Named) and isinstance(other, str) and one.example is None and other:
            return Truth.UNKNOWN
    if isinstance(left, Named) and isinstance(right, Named):
        return Truth.YES if left == right else Truth.NO
    return Truth.YES if left == right else Truth.NO


def _matches(left: Value | Truth, pattern: str) -> Truth:
    if left is None:
        return Truth.NO
    text = left.example if isinstance(left, Named) else left
    body, _, flags = pattern[1:].rpartition("/") if pattern.startswith("/") else ("", "", "")
    if not isinstance(text, str) or not body or set(flags) - {"i"}:
        return Truth.UNKNOWN
    try:
        match = re.search(body, text[:60], re.IGNORECASE if flags else 0)
    except (re.error, RecursionError, OverflowError):
        return Truth.UNKNOWN
    return Truth.YES if match else Truth.NO
