"""Times and measured numbers as people read them."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """Seconds as people read them: 0.4 s, 12 s, 3 min 05 s, 2 h 10 min."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def figure(value: float, sign: str = "-") -> str:
    """A measured number as people read it: four decimals, none of whole ones from 1000 on; three digits of extremes.

    With `sign` "+" it leads numbers that are not negative, too.
    """
    size = abs(value)
    if size >= 1e15 or 0 < size < 0.001:
        return f"{value:{sign}.3g}"
    return f"{value:{sign}.0f}" if size >= 1000 and value == round(value) else f"{value:{sign}.4f}"
