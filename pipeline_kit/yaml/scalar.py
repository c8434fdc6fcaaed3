"""What a plain (unquoted) YAML scalar means: only what every YAML reader agrees on.

Follows the core schema of YAML 1.2 (https://yaml.org/spec/1.2.2/#103-core-schema) and refuses what YAML 1.1
readers, PyYAML and Ruby's Psych among them, turn into something else (https://yaml.org/type/).
"""

from __future__ import annotations

import json
import math
import re
from functools import lru_cache

from pipeline_kit.frozen import frozen

LARGEST_INTEGER = 2**63
LONGEST_NUMBER = 100  # characters

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_WORDS = frozenset({"yes", "no", "on", "off"})
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?")

_TRAPS: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (
        re.compile(r"[-+]?0[xXoObB][0-9a-fA-F_]+"),
        "is a number to some YAML readers and text to others",
        "write it in decimal",
    ),
    (
        re.compile(r"[-+]?0[0-9_]+(\.[0-9_]*)?"),
        "is an octal number to some YAML readers and a decimal one to others",
        "drop the zero",
    ),
    (
        re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?"),
        "is a number to base 60 to some YAML readers and text to others",
        "",
    ),
    (re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?"), "is a date to some YAML readers and text to others", ""),
    (
        re.compile(r"[-+]?(\.?[0-9][0-9_]*)_[0-9_]*(\.[0-9_]*)?([eE][-+]?[0-9]+)?"),
        "is a number to some YAML readers and text to others",
        "write the digits alone",
    ),
    (re.compile(r"[-+]?\.(?i:inf)|\.(?i:nan)"), "is not a finite number", "give a number"),
)


@frozen
class Refusal:
    """An ambiguous scalar that is refused: why, and what to write."""

    reason: str
    hint: str


@lru_cache(maxsize=4096)
def resolve(text: str) -> bool | int | float | str | Refusal | None:
    """The value that a plain scalar means, or why it is refused."""
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if text.lower() in _WORDS:
        return _refusal(text, "is true or false to some YAML readers and text to others", "write true or false")
    if text[0] not in "+-.0123456789":
        return text
    if len(text) > LONGEST_NUMBER:
        return _too_large(text) if set(text) <= set("+-.0123456789_eE") else text
    for pattern, reason, hint in _TRAPS:
        if pattern.fullmatch(text):
            return _refusal(text, reason, hint)
    if _INTEGER.fullmatch(text):
        return _integer(text)
    if _NUMBER.fullmatch(text):
        number = float(text)
        return number if math.isfinite(number) else _too_large(text)
    return text


def _refusal(text: str, reason: str, hint: str) -> Refusal:
    quoted = f"quote it: {json.dumps(text)}"
    return Refusal(f"{text[:40]} {reason}", f"{hint}, or {quoted}" if hint else quoted)


def _integer(text: str) -> int | Refusal:
    if len(text) > 20 or abs(int(text)) >= LARGEST_INTEGER:
        return _too_large(text)
    return int(text)


def _too_large(text: str) -> Refusal:
    return Refusal(f"the number {text[:24]}{'...' if len(text) > 24 else ''} is too large", "quote it if it is text")
