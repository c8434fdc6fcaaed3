"""Path globs as the descriptor writes them: `*` within a folder's name, `**` across folders, `?` one character."""

from __future__ import annotations

import re
from functools import lru_cache


def matches_glob(glob: str, path: str) -> bool:
    """Whether a relative path with forward slashes matches; a glob that names a folder matches all within it."""
    return compile_glob(glob).fullmatch(path) is not None


@lru_cache(maxsize=4096)
def compile_glob(glob: str) -> re.Pattern[str]:
    """The glob as a regular expression."""
    pattern, rest = "", glob.rstrip("/")
    while rest:
        if rest.startswith("**/"):
            pattern, rest = pattern + "(?:.*/)?", rest[3:]
        elif rest.startswith("**"):
            pattern, rest = pattern + ".*", rest[2:]
        elif rest[0] == "*":
            pattern, rest = pattern + "[^/]*", rest[1:]
        elif rest[0] == "?":
            pattern, rest = pattern + "[^/]", rest[1:]
        else:
            pattern, rest = pattern + re.escape(rest[0]), rest[1:]
    return re.compile(f"{pattern}(?:/.*)?", re.DOTALL)
