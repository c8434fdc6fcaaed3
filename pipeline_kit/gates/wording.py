"""Numbers and texts as a verdict's sentence shows them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fractions import Fraction

LONGEST_VALUE = 40
LONGEST_LINE = 300


def shown(value: float, beside: float | None = None) -> str:
    """A number in four digits; in all of them where it would otherwise look like the one beside it."""
    text = f"{value:.4g}"
    return repr(value) if beside is not None and value != beside and text == f"{beside:.4g}" else text


def share(value: float) -> str:
    """A share as a percentage: `5 %`."""
    return f"{value * 100:.4g} %"


def exact(value: float) -> Fraction:
    """The number exactly as it is written in decimal: 0.98 - 0.97 is 0.01, not a bit more."""
    from fractions import Fraction

    return Fraction(repr(float(value)))


def is_finite(value: object) -> bool:
    """Whether a value is a finite number that a float can hold; true and false are not numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number that no float can hold
        return False


def slice_text(value: str) -> str:
    """A slice's value as one sentence can hold it: what is long, or would break the line, is quoted and cut."""
    if value.isprintable() and len(value) <= LONGEST_VALUE:
        return value or "empty"
    return repr(value if len(value) <= LONGEST_VALUE else value[: LONGEST_VALUE - 1] + "…")


def one_line(text: object) -> str:
    """What comes from outside as one line of bounded length: what is not printable becomes a space."""
    line = " ".join("".join(character if character.isprintable() else " " for character in str(text)).split())
    return line if len(line) <= LONGEST_LINE else line[: LONGEST_LINE - 1] + "…"
