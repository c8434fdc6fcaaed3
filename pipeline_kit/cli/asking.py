"""Questions at a terminal."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from pipeline_kit.cli.output import say


def asks(arguments: argparse.Namespace) -> bool:
    """Whether to ask a person: at a terminal, and without `--defaults`."""
    return sys.stdin.isatty() and sys.stdout.isatty() and not arguments.defaults


def ask(what: str, default: str) -> str:
    """What a person types at a prompt, or the default."""
    try:
        return input(f"{what} [{default}]: ").strip() or default
    except EOFError:
        return default


def confirm(what: str) -> bool:
    """Whether a person says yes; an end of the input, like an empty line, is a no."""
    try:
        return input(f"{what} [y/N]: ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


def choose(what: str, choices: Sequence[str]) -> str:
    """The choice that a person makes by its number; the first where they make none."""
    for number, choice in enumerate(choices, 1):
        say(f"  {number}. {choice}")
    while True:
        answer = ask(what, "1")
        if answer in choices:
            return answer
        if answer.isdecimal() and 1 <= int(answer) <= len(choices):
            return choices[int(answer) - 1]
        say(f"a number from 1 to {len(choices)}")
