"""The nearest valid name for a misspelt one: the hint `did you mean ...?` of every error."""

from __future__ import annotations

from collections.abc import Iterable

LONGEST_WORD = 60
"""Characters of a word that are compared: comparing takes time that grows with the square of the length."""

MOST_LISTED = 12
"""Valid names that a hint lists when none is near."""


def nearest(word: str, valid: Iterable[str]) -> str | None:
    """The valid name that is most similar to the word, or None if none is similar."""
    from difflib import get_close_matches

    close = get_close_matches(word[:LONGEST_WORD], list(valid), n=1, cutoff=0.6)
    return close[0] if close else None


def did_you_mean(word: str, valid: Iterable[str], what: str = "valid") -> str:
    """A hint: the nearest valid name, or else the valid names. `what` introduces the list, such as `columns`."""
    names = list(valid)
    if near := nearest(word, names):
        return f"did you mean `{near}`?"
    more = ", ..." if len(names) > MOST_LISTED else ""
    return f"{what}: {', '.join(names[:MOST_LISTED])}{more}" if names else f"{what}: none"
