"""What a lock file says of itself, read as pip reads a file of requirements."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline_kit.doctor.facts import LockFacts

NAME = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*(.*)")
# pip-compile's first lines, and the command that uv writes there.
MADE_FOR = re.compile(r"#.*(?:with Python|--python-version[ =])\s*(3\.\d+)")


def lock_facts(path: str, text: str | None, source: str | None) -> LockFacts:
    """The facts of a lock file's text; None without a file. `source` is what it can be made from."""
    if text is None:
        return LockFacts(path, exists=False, source=source)
    made_for = next((match[1] for line in text.splitlines() if (match := MADE_FOR.match(line))), None)
    names, unpinned, without_hash = [], [], []
    for line in requirements(text):
        match = NAME.match(line)
        if match is None:
            continue
        name, rest = match[1].lower().replace("_", "-"), match[2]
        names.append(name)
        if not re.match(r"===?[^=*]+(?:\s|;|$)|@", rest):
            unpinned.append(name)
        if "--hash=" not in rest:
            without_hash.append(name)
    return LockFacts(path, True, tuple(unpinned), tuple(without_hash), frozenset(names), made_for, source)


def requirements(text: str) -> Iterator[str]:
    """The lines that name a package, those that a backslash continues as one; options and comments are left out."""
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        bare = re.sub(r"(^|\s)#.*", "", line).strip()
        if bare and not bare.startswith("-"):
            yield bare
