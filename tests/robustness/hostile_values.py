"""Texts that some reader on their way takes for its own: drawn by hypothesis, for whatever executor runs the job."""

from __future__ import annotations

import json
from typing import Any

import yaml
from hypothesis import strategies as st

from tests.conformance.hostile import CHOSEN

PIECES = (
    "'", '"', "`", "$", "${", "$(", "\\", "#", " #", ":", ": ", "{{", "}}", "{%", "%", "%s", "&", "*", "!", "|", ">",
    "<", ";", "-", "--", " ", "  ", "\n", "\t", "~", "=", "@", ",", "[", "]", "(", ")", "?", "^", "\u0663", "e\u0301",
    "\u05e9\u05dc\u05d5\u05dd", "\u200f", "\u0627\u0644", "\U0001f469\u200d\U0001f52c", "\u6f22", "\u00df", "\ufb01",
    "\u0130", "EOF", "yes", "0x1", "'''",
)  # fmt: skip
"""Quotes, shell, YAML, templates, formats; digits, marks, letters from right to left, joined emoji, ligatures."""

INVISIBLE = "\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\ufffe\uffff"
"""What a descriptor may not hold, and neither control characters other than tab and line feed."""

CHARACTERS = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters=INVISIBLE)

TEXTS = st.one_of(
    st.sampled_from(CHOSEN),
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=8).map("".join),
    st.text(st.one_of(CHARACTERS, st.sampled_from("\n\t'\"$`\\")), min_size=1, max_size=20),
)
"""Any text that a descriptor may hold."""

REFUSED = st.tuples(TEXTS, st.sampled_from([*INVISIBLE, "\0", "\x1b", "\r", "\x7f", "\x85"]), TEXTS).map("".join)
"""A text that none may hold."""

PATH_PIECES = st.text(
    st.one_of(
        st.sampled_from(" #:%&;|<>()!^@=,.-+~_"),
        st.characters(codec="utf-8", categories=("L", "M", "N", "So"), exclude_characters=INVISIBLE),
    ),
    min_size=1,
    max_size=12,
).filter(lambda text: text.strip(".") != "" and len(text.encode()) < 120)


def is_path(text: str) -> bool:
    """Whether a descriptor takes it as a path: no dash or tilde first, no way out, nothing of git's or the kit's."""
    return not text.startswith(("-", "~")) and not text.startswith((".git", ".pipeline-kit"))


PATHS = st.lists(PATH_PIECES, min_size=1, max_size=3).map("/".join).filter(is_path)
"""Paths that a descriptor may name."""

FILE_NAMES = (
    st.one_of(TEXTS, st.text(st.characters(codec="utf-8", exclude_characters="\0/"), min_size=1, max_size=20))
    .map(lambda text: text.replace("/", "_").replace("\0", "_"))
    .filter(lambda text: text not in ("", ".", "..") and text[:4] not in (".git", ".pip") and len(text.encode()) < 200)
)
"""Names that a file of the project may have, whether a descriptor could name it or not."""


def as_yaml(document: Any, style: str | None) -> str:
    """The document in one of the ways in which a person writes YAML; `None` is JSON, which is YAML too."""
    if style is None:
        return json.dumps(document, ensure_ascii=False, indent=1)
    return yaml.safe_dump(document, default_style=style or None, allow_unicode=True, sort_keys=False, width=10**6)


STYLES = st.sampled_from([None, '"', "'"])
"""JSON, and YAML with each kind of quotes around every text; a number among them would become a text."""
