"""Conditions of `rules:if` as tokens, and as the comparisons that a plain one consists of.

Grammar: https://docs.gitlab.com/ci/jobs/job_rules/#cicd-variable-expressions
"""

from __future__ import annotations

import re
from functools import lru_cache


class ConditionError(Exception):
    """The condition cannot be read, in a way that GitLab refuses too."""


_TOKEN = re.compile(
    r"""\s*(?:
    (?P<variable>\$\w+) |
    (?P<text>"[^"]*"|'[^']*') |
    (?P<pattern>/(?:[^/\\\n]|\\.)+/[a-zA-Z]*) |
    (?P<operator>==|!=|=~|!~|&&|\|\||\(|\)) |
    (?P<null>null\b) |
    (?P<word>[A-Za-z_][\w.-]*) |
    (?P<assign>=) |
    (?P<other>\S)
    )""",
    re.VERBOSE,
)
COMPARISONS = ("==", "!=", "=~", "!~")
OPERANDS = {("==", "text"), ("==", "variable"), ("=~", "pattern")}
"""What a comparison of a plain condition may have on its right, by its operator."""


@lru_cache(maxsize=256)
def tokens_of(text: str) -> tuple[tuple[str, str], ...] | None:
    """The tokens, or None if one is unknown to this reader."""
    if "$[[" in text:
        return None
    tokens: list[tuple[str, str]] = []
    at = 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None or match.lastgroup == "other":
            return None
        if match.lastgroup == "assign":
            raise ConditionError("`=` compares nothing: write `==`")
        if match.lastgroup == "word":
            raise ConditionError(f"`{match['word']}` is neither a variable nor a text in quotes")
        tokens.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return tuple(tokens)


def conjunction(text: str) -> dict[tuple[str, str], str] | None:
    """The operands by variable and operator, of a condition that is only comparisons joined by `&&`.

    `==` has a text or a variable on its right, `=~` a pattern without flags, both without quotes here; a variable alone
    has the operator and the operand "". None for every other condition, and for one that compares a variable twice in
    the same way.
    """
    try:
        tokens = list(tokens_of(text) or ())
    except ConditionError:
        return None
    terms: dict[tuple[str, str], str] = {}
    while tokens:
        (kind, variable), operator, operand = tokens.pop(0), "", ""
        if tokens and tokens[0][1] in COMPARISONS and len(tokens) > 1:
            operator, (form, operand) = tokens.pop(0)[1], tokens.pop(0)
            if (operator, form) not in OPERANDS or (form == "pattern" and not operand.endswith("/")):
                return None
            operand = operand if form == "variable" else operand[1:-1]
            if form == "text" and "$" in operand:
                return None
        if kind != "variable" or (variable, operator) in terms:
            return None
        terms[variable, operator] = operand
        if tokens and (tokens.pop(0)[1] != "&&" or not tokens):
            return None
    return terms or None
