"""Error messages read as one text: clauses that begin small, end without a stop, and hints that say what next."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

from pipeline_kit import errors
from tests.conftest import ROOT

KINDS = {name for name, each in vars(errors).items() if inspect.isclass(each) and issubclass(each, errors.KitError)}
KINDS |= {"PredictionError", "DescriptorError"}
NAMES = ("CSV", "CI", "Debian", "GitLab", "Groovy", "Ids", "Jenkins", "NPZ", "Python", "PIPELINE_KIT", "UTF-8", "YAML")
FILES = sorted(path for top in ("pipeline_kit", "stages") for path in (ROOT / top).rglob("*.py"))


def texts(node: ast.AST | None) -> Iterator[tuple[str, str]]:
    """The first and the last piece of text that an expression may be: of each branch where it chooses."""
    match node:
        case ast.Constant(value=str(text)):
            yield text, text
        case ast.JoinedStr(values=values) if values:
            first, last = values[0], values[-1]
            head = first.value if isinstance(first, ast.Constant) else "{"
            tail = last.value if isinstance(last, ast.Constant) else "}"
            yield str(head), str(tail)
        case ast.IfExp(body=body, orelse=other):
            yield from texts(body)
            yield from texts(other)


def messages(path: Path) -> Iterator[tuple[int, str, str]]:
    """Line, first and last text of every message and hint that a file gives to an error."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Assign) and [each.id for each in node.targets if isinstance(each, ast.Name)] == [
            "hint"
        ]:
            yield from ((node.lineno, *pair) for pair in texts(node.value))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KINDS:
            given = [*node.args[:1], *(each.value for each in node.keywords if each.arg == "hint")]
            yield from ((node.lineno, *pair) for each in given for pair in texts(each))


def test_a_message_begins_small_and_ends_without_a_stop() -> None:
    """The command line puts `pipeline-kit: ` before a message and a place before that of a descriptor."""
    offenders = [
        f"{path.relative_to(ROOT)}:{line}: {first!r} ... {last!r}"
        for path in FILES
        for line, first, last in messages(path)
        if (first[:1].isupper() and not first.startswith(NAMES)) or (last.endswith(".") and not last.endswith("..."))
    ]
    assert not offenders, "\n".join(offenders)
