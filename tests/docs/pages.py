"""A page of the documentation as steps that a reader would take: commands with what they print, files, changes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"(?P<indent> *)(?P<ticks>```+)(?P<language>[\w{}-]*) *(?P<rest>.*)")
MARK = re.compile(
    r"<!-- (?P<what>project|lend|file|append|edit|descriptor|fragment|not run)(?:: (?P<value>.*?))? -->", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Step:
    """A fenced block with the mark above it: `what` is the mark's word or the fence's language, `value` its text.

    `first` and `last` are the lines of the page between the fences, counted from 0, `last` not included.
    """

    what: str
    value: str
    language: str
    text: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Command:
    """A line after `$ `, and the lines that it is said to print; `first` and `last` are those lines' places."""

    line: str
    prints: tuple[str, ...]
    first: int
    last: int


def steps_of(path: Path) -> list[Step]:
    """The steps of a page, in order. A mark `<!-- WHAT: VALUE -->` belongs to the block that follows it."""
    lines = path.read_text(encoding="utf-8").splitlines()
    steps: list[Step] = []
    mark: tuple[str, str] | None = None
    number = 0
    while number < len(lines):
        line = lines[number]
        if found := MARK.fullmatch(line.strip()):
            mark = (found["what"], found["value"] or "")
            if mark[0] in ("project", "lend"):
                steps.append(Step(*mark, "", "", number, number))
                mark = None
        elif fence := FENCE.fullmatch(line):
            first = number + 1
            number = next(n for n in range(first, len(lines)) if lines[n].strip() == fence["ticks"])
            indent = len(fence["indent"])
            text = "".join(each[indent:] + "\n" for each in lines[first:number])
            what, value = mark or (fence["language"], fence["rest"])
            steps.append(Step(what, value, fence["language"], text, first, number))
            mark = None
        number += 1
    return steps


def commands_of(step: Step) -> list[Command]:
    r"""The commands of a console block; one that ends with `\` goes on in the next line."""
    lines = step.text.splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith("$ ")]
    commands = []
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        after = start + 1
        while lines[after - 1].endswith("\\"):
            after += 1
        line = "\n".join([lines[start][2:], *lines[start + 1 : after]])
        commands.append(Command(line, tuple(lines[after:end]), step.first + after, step.first + end))
    return commands


def changed(text: str, difference: str) -> str:
    """The text after a change that is shown as lines with `-`, `+` and a space in front, each run of them in one place.

    A line `@@` parts two such runs. Raises ValueError where a run does not stand in the text exactly once.
    """
    for run in re.split(r"^@@.*\n", difference, flags=re.MULTILINE):
        lines = run.splitlines(keepends=True)
        before = "".join(line[1:] or "\n" for line in lines if not line.startswith("+"))
        after = "".join(line[1:] or "\n" for line in lines if not line.startswith("-"))
        if text.count(before) != 1:
            raise ValueError(f"these lines stand {text.count(before)} times in the file:\n{before}\nwhich is\n{text}")
        text = text.replace(before, after)
    return text
