"""All checks of a `Jenkinsfile`."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline_kit.lint.finding import Findings, word
from pipeline_kit.servers.jenkins.groovy.syntax import (
    Group,
    Part,
    Statement,
    closure_body,
    grouped,
    is_symbol,
    split,
    statements,
)
from pipeline_kit.servers.jenkins.groovy.tokens import Form, GroovyError, Token, tokenize
from pipeline_kit.servers.jenkins.lint import vocabulary
from pipeline_kit.servers.jenkins.lint.pipeline import Pipeline
from pipeline_kit.servers.jenkins.lint.rules import RULES
from pipeline_kit.servers.jenkins.lint.settings import text_of

_NO_PLACE = ("the file is a scripted pipeline, which is code: its brackets and strings were checked, no more",)


def lint_jenkins(text: str) -> Findings:
    """What is wrong in the text of a Jenkinsfile."""
    findings = Findings(RULES)
    try:
        parts = grouped(tokenize(text))
    except GroovyError as error:
        findings.add("JK001", error.line, error.column, error.message, error.hint)
        return findings
    pipelines = list(_pipelines(parts))
    if not pipelines:
        findings.add("JK002", 1, 1, *_NO_PLACE)
    for pipeline in pipelines:
        Pipeline(findings).check(pipeline)
        _time_units(pipeline, findings)
    return findings


def _pipelines(parts: tuple[Part, ...], depth: int = 0) -> Iterator[Statement]:
    """Each `pipeline { }` at the top of the file, or in a function there (as shared libraries have them)."""
    for statement in statements(parts):
        if statement.name == "pipeline" and len(statement.parts) == 2 and statement.block is not None:
            yield statement
        elif depth < 3 and statement.block is not None and statement.name not in ("node", "class"):
            for part in statement.parts:
                if isinstance(part, Group) and part.is_of("{"):
                    yield from _pipelines(closure_body(part), depth + 1)


def _time_units(statement: Statement, findings: Findings) -> None:
    """Notes `timeout(..., unit: '...')` with an unknown unit, anywhere."""
    waiting: list[tuple[Part, ...]] = [statement.parts]
    while waiting:
        parts = waiting.pop()
        for at, part in enumerate(parts):
            if isinstance(part, Group):
                waiting.append(part.parts)
            elif part.form is Form.NAME and part.text == "timeout" and at + 1 < len(parts):
                _unit(parts, at, findings)


def _unit(parts: tuple[Part, ...], at: int, findings: Findings) -> None:
    following = parts[at + 1]
    is_call = isinstance(following, Group) and following.is_of("(")
    end = next(
        (i for i in range(at + 1, len(parts)) if isinstance(parts[i], Token) and parts[i].line > parts[at].line),
        len(parts),
    )
    arguments = following.parts if is_call and isinstance(following, Group) else parts[at + 1 : end]
    plain = tuple(
        argument for argument in arguments if not (isinstance(argument, Token) and argument.form is Form.NEWLINE)
    )
    named = {
        part[0].text: part[2:]
        for part in split(plain)
        if len(part) > 2 and isinstance(part[0], Token) and is_symbol(part[1], ":")
    }
    if "unit" not in named:
        return
    value = named["unit"]
    unit = text_of(value[:1])
    if unit is not None and unit not in vocabulary.UNITS:
        hint = findings.near(unit.upper(), vocabulary.UNITS, "use SECONDS, MINUTES, HOURS or DAYS")
        findings.add("JK019", value[0].line, value[0].column, f"{word(unit)} is not a unit of time", hint)
    if is_call and "time" not in named:
        findings.add("JK019", parts[at].line, parts[at].column, "this `timeout` has no `time`", "add `time: 10`")
