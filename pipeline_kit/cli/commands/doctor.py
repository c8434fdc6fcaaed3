"""`pipeline-kit doctor`: problems of this machine, this project and its CI files, each with its fix."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence

from pipeline_kit.cli.output import say, say_json
from pipeline_kit.doctor.examine import examine
from pipeline_kit.doctor.finding import Finding, Level
from pipeline_kit.errors import UsageError

Findings = Mapping[str, Sequence[Finding]]


def execute(arguments: argparse.Namespace) -> int:
    """Prints every finding; 1 where one is a problem."""
    if not arguments.directory.is_dir():
        raise UsageError(f"{arguments.directory} is not a directory", hint="-C takes the project's directory")
    result = examine(arguments.directory.resolve())
    if arguments.json:
        say_json(as_json(result))
    else:
        say("\n".join(lines(result)))
    return 1 if count(result, Level.PROBLEM) else 0


def lines(found: Findings) -> Iterator[str]:
    """The findings as text, each with its fix below."""
    width = max(len(finding.about) for findings in found.values() for finding in findings)
    for group, findings in found.items():
        if findings:
            yield f"{group}:"
        for finding in findings:
            yield f"  {finding.level.value:<7}  {finding.about:<{width}}  {finding.message}"
            if finding.fix:
                yield f"  {'':<7}  {'':<{width}}    {finding.fix}"
    notes, problems = count(found, Level.NOTE), count(found, Level.PROBLEM)
    yield f"{plural(problems, 'problem')}, {plural(notes, 'note')}, {count(found, Level.OK)} ok"


def count(found: Findings, level: Level) -> int:
    """How many findings are of a level."""
    return sum(finding.level is level for findings in found.values() for finding in findings)


def plural(number: int, word: str) -> str:
    """A number and its noun."""
    return f"{number} {word}" if number == 1 else f"{number or 'no'} {word}s"


def as_json(found: Findings) -> Mapping[str, object]:
    """The findings for a machine."""
    listed = [
        {
            "group": group,
            "level": finding.level.value,
            "about": finding.about,
            "message": finding.message,
            "fix": finding.fix,
        }
        for group, findings in found.items()
        for finding in findings
    ]
    return {"problems": count(found, Level.PROBLEM), "notes": count(found, Level.NOTE), "findings": listed}
