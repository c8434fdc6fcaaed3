"""The one way from a command to the terminal: text of images, registries, clusters and projects is only ever text.

A control character in it could move the cursor, and so erase or forge what the kit itself says.
"""

from __future__ import annotations

import sys

from pipeline_kit.terminal import logged, visible


def say(text: str, *, end: str = "\n") -> None:
    """Prints text, each character that a terminal would act on escaped."""
    print(visible(text), end=end)


def warn(text: str) -> None:
    """Prints text on the standard error, at once."""
    print(visible(text), file=sys.stderr, flush=True)


def log(line: str) -> None:
    """Prints a line that a job printed, at once; of its control characters only colours stay."""
    print(logged(line), flush=True)


def say_json(document: object) -> None:
    """Prints a document as JSON; what a terminal would act on is escaped as JSON has it."""
    import json

    text = json.dumps(document, indent=2, ensure_ascii=False)
    if visible(text) != text:
        text = "".join(letter if visible(letter) == letter else json.dumps(letter)[1:-1] for letter in text)
    print(text)
