"""A Makefile's targets and the lines they run, as far as a plain reading goes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline_kit.contract.wording import is_visible

_TARGET = re.compile(r"([A-Za-z0-9_.][A-Za-z0-9_. /-]*?)\s*:(?!=)(?:\s*(.*))?")
_VARIABLE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*[:?]?=\s*(.*)")
_USE = re.compile(r"\$[({]([A-Za-z_][A-Za-z0-9_]*)[)}]")
DEEPEST = 5
MOST_LINES = 200
LONGEST_LINE = 2000


@dataclass(frozen=True, slots=True)
class Target:
    """A target: its line, what it needs, and the lines of its recipe with their numbers."""

    name: str
    line: int
    needs: tuple[str, ...] = ()
    recipe: tuple[tuple[str, int], ...] = ()


def read_makefile(text: str) -> dict[str, Target]:
    """The explicit targets by name; variables that are plain text are put in, a `$$` is the shell's `$`."""
    variables: dict[str, str] = {}
    targets: dict[str, Target] = {}
    current: list[str] = []
    for number, line in _logical(text):
        if not is_visible(line):
            continue
        if line.startswith("\t"):
            for name in current:
                known = targets[name]
                recipe = (*known.recipe, (_recipe(line, variables), number))
                targets[name] = Target(name, known.line, known.needs, recipe)
            continue
        plain = line.split(" #")[0].rstrip()
        if not plain or plain.lstrip().startswith("#"):
            continue
        current = []
        if match := _VARIABLE.fullmatch(plain.strip()):
            variables.setdefault(match.group(1), match.group(2).strip())
        elif (rule := _TARGET.fullmatch(plain)) and not rule.group(1).startswith("."):
            needs = tuple((rule.group(2) or "").split("#")[0].split())
            for name in rule.group(1).split():
                targets.setdefault(name, Target(name, number, needs))
                current.append(name)
    return targets


def lines_of(name: str, targets: Mapping[str, Target], depth: int = DEEPEST) -> list[tuple[str, int]]:
    """The lines that making a target runs: those of what it needs first, each target once."""
    seen: set[str] = set()

    def gather(each: str, left: int) -> list[tuple[str, int]]:
        target = targets.get(each)
        if target is None or each in seen or left == 0:
            return []
        seen.add(each)
        return [line for need in target.needs for line in gather(need, left - 1)] + list(target.recipe)

    return gather(name, depth)[:MOST_LINES]


def _logical(text: str) -> list[tuple[int, str]]:
    """Lines with continued ones joined, each with its number."""
    result: list[tuple[int, str]] = []
    pending, start = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        start = start if pending else number
        if line.endswith("\\"):
            pending += line[:-1].rstrip() + " " if not pending else line[:-1].strip() + " "
            continue
        result.append((start, pending + (line.strip() if pending else line)))
        pending = ""
    return [*result, (start, pending)] if pending else result


def _recipe(line: str, variables: Mapping[str, str]) -> str:
    """A recipe's line as a shell gets it."""
    text = line.strip().lstrip("@-+").strip()
    for _ in range(DEEPEST):
        if len(text) > LONGEST_LINE:  # variables of variables grow without end
            break
        text = _USE.sub(lambda found: variables.get(found.group(1), found.group())[:LONGEST_LINE], text)
    return text.replace("$$", "$")
