"""Commands: `module:function`, or a list of words; never a line for a shell."""

from __future__ import annotations

import keyword
import re
import shlex

from pipeline_kit.descriptor.problem import shown

_IDENTIFIER = "[A-Za-z_][A-Za-z0-9_]*"
ENTRY = rf"{_IDENTIFIER}(?:\.{_IDENTIFIER})*:{_IDENTIFIER}"


def is_entry(text: str) -> bool:
    """Whether a text is `module:function`, of names that Python can import."""
    return re.fullmatch(ENTRY, text) is not None and not any(keyword.iskeyword(part) for part in re.split("[.:]", text))


def entry_hint(value: str) -> str:
    """The hint for a text that is not `module:function`: most often it is a shell line."""
    try:
        words = shlex.split(value)
    except ValueError:
        words = []
    if len(words) > 1:
        argv = ", ".join(word if re.fullmatch(r"[A-Za-z][A-Za-z0-9_./]*", word) else shown(word) for word in words)
        return f"a command is a list of words, no shell reads it: [{argv}]"
    if value.endswith(".py"):
        return f"write [python, {value}], or the module and its function: {value[:-3].replace('/', '.')}:main"
    return "for example fraud.train:main"
