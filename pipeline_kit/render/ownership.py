"""The owner of a CI file: the kit, which may overwrite it, or the project, whose file it keeps."""

from __future__ import annotations

import re

from pipeline_kit import __version__

HEADER = re.compile(r"(?m)^(\S+) Rendered by pipeline-kit \S+ from pipeline-kit\.yml, sha256:.*\n")
ADVICE = re.compile(r"(?m)^\S+ Do not edit: change pipeline-kit\.yml and run .*\n")
TOP_LINES = 6


def is_rendered(text: str) -> bool:
    """Whether a file begins with the kit's header, be it below the marks of a merge conflict.

    A file that was edited below its header is still the kit's.
    """
    return HEADER.search("".join(text.splitlines(keepends=True)[:TOP_LINES])) is not None


def ejected(text: str) -> str:
    """A rendered file's text as the project's own: a note replaces the header."""
    match = HEADER.search(text)
    if match is None:
        return text
    note = f"{match[1]} Ejected from pipeline-kit {__version__}: yours to edit, no longer rendered.\n"
    return ADVICE.sub("", HEADER.sub(note, text, count=1), count=1)
