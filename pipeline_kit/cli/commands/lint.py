"""`pipeline-kit lint`: what is wrong in a CI file."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline_kit.cli.output import say, say_json
from pipeline_kit.cli.servers import files, plugins_in
from pipeline_kit.errors import UsageError
from pipeline_kit.extensions import Plugins
from pipeline_kit.lint.finding import Finding, Level
from pipeline_kit.servers.lint import UnreadableError, check_file

Found = Mapping[str, Sequence[Finding]]


def execute(arguments: argparse.Namespace) -> int:
    """Lints the file, or those of all servers that exist; 1 where there is an error."""
    plugins = plugins_in(arguments.directory)
    paths = [Path(arguments.file)] if arguments.file else present(arguments.directory, files(plugins))
    result = {str(path): lint(arguments.directory / path, plugins) for path in paths}
    if arguments.json:
        say_json(as_json(result))
    else:
        tell(result)
    return 1 if any(finding.level is Level.ERROR for findings in result.values() for finding in findings) else 0


def present(directory: Path, known: Mapping[str, str]) -> Sequence[Path]:
    """The CI files that the directory has. Raises UsageError where it has none."""
    paths = [Path(name) for name in known.values() if (directory / name).is_file()]
    if not paths:
        names = " and no ".join(known.values())
        raise UsageError(f"{directory} has no {names}", hint="name a file: pipeline-kit lint FILE")
    return paths


def lint(path: Path, plugins: Plugins) -> Sequence[Finding]:
    """What is wrong in the file. Raises UsageError where it cannot be read."""
    try:
        return check_file(path.name, path.read_bytes(), plugins)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", hint="lint takes a file") from error
    except UnreadableError as error:
        raise UsageError(f"{path} cannot be read: {error}", hint="save it as UTF-8 text") from error


def as_json(found: Found) -> Mapping[str, object]:
    """The findings for a machine."""
    findings = [
        {
            "file": file, "line": finding.line, "column": finding.column,
            "level": finding.level.value, "rule": finding.rule,
            "message": finding.message, "hint": finding.hint,
        }
        for file, findings in found.items()
        for finding in findings
    ]  # fmt: skip
    return {"files": list(found), "findings": findings}


def tell(found: Found) -> None:
    """Prints every finding, and a line that counts them."""
    for file, findings in found.items():
        for finding in findings:
            say(finding.text(file))
    counts = Counter(finding.level for findings in found.values() for finding in findings)
    summary = ", ".join(
        f"{counts[level]} {level.value}{'s' if counts[level] > 1 else ''}" for level in Level if counts[level]
    )
    say(f"{', '.join(found)}: {summary or 'nothing found'}")
