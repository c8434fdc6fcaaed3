"""The directives of a declarative pipeline: agent, options, environment, parameters, triggers, when, input, post."""

from __future__ import annotations

import re

from pipeline_kit.lint.finding import Findings, listed, word
from pipeline_kit.servers.jenkins.groovy.syntax import Group, Part, Statement, closure_body, is_symbol, statements
from pipeline_kit.servers.jenkins.groovy.tokens import Form, Token
from pipeline_kit.servers.jenkins.lint import vocabulary

_CRON_FIELD = re.compile(r"[\dHA-Za-z*/,()\-]+")


def body_of(statement: Statement) -> list[Statement]:
    """The statements in the block of a statement."""
    return statements(closure_body(statement.block)) if statement.block is not None else []


def text_of(parts: tuple[Part, ...]) -> str | None:
    """The text that the parts are, where they are one literal."""
    if len(parts) == 1 and isinstance(parts[0], Group) and parts[0].is_of("("):
        parts = parts[0].parts
    if len(parts) == 1 and isinstance(parts[0], Token) and parts[0].form is Form.STRING:
        return parts[0].text
    return None


class Settings:
    """The checks of the directives; each takes the statement that is the directive."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.add = findings.add

    def filled(self, statement: Statement) -> list[Statement]:
        """The statements of a block that may not be empty."""
        if statement.block is None:
            message = f"`{statement.name}` needs a block"
            self.add("JK004", statement.line, statement.column, message, f"write `{statement.name} {{ ... }}`")
            return []
        body = body_of(statement)
        if not body:
            self.add("JK006", statement.line, statement.column, f"`{statement.name}` is empty")
        return body

    def agent(self, statement: Statement) -> bool:
        """Checks an agent; true where it gives a place to run."""
        arguments = statement.arguments
        if statement.block is None:
            name = arguments[0].text if len(arguments) == 1 and isinstance(arguments[0], Token) else ""
            if len(arguments) != 1 or (isinstance(arguments[0], Token) and name not in ("any", "none")):
                shown = word(name) if name else "this"
                self.add("JK013", statement.line, statement.column, f"{shown} is not an agent")
            return name != "none"
        kinds = self.filled(statement)
        for kind in kinds:
            if kind.name in ("any", "none") and len(kind.parts) == 1:
                continue
            if kind.name not in vocabulary.AGENTS:
                self._near("JK013", kind, vocabulary.AGENTS, "kind of agent")
            self._agent_keys(kind)
        return not any(kind.name == "none" and len(kind.parts) == 1 for kind in kinds)

    def _agent_keys(self, kind: Statement) -> None:
        allowed = vocabulary.AGENT_KEYS.get(kind.name)
        if allowed is None or kind.block is None:
            return
        has = {statement.name for statement in body_of(kind)}
        for statement in body_of(kind):
            if statement.name and statement.name not in allowed:
                self._near("JK013", statement, allowed, f"key of the agent `{kind.name}`")
        needed = vocabulary.AGENT_NEEDS.get(kind.name)
        if needed is not None and needed not in has:
            self.add("JK013", kind.line, kind.column, f"the agent `{kind.name}` has no `{needed}`", f"add `{needed}`")

    def options(self, statement: Statement, *, of_stage: bool) -> None:
        """Checks options, those of a stage or those of the pipeline."""
        seen: set[str] = set()
        for child in self.filled(statement):
            if of_stage and child.name in vocabulary.JOB_OPTIONS:
                message = f"`{child.name}` is an option of the whole pipeline"
                self.add("JK018", child.line, child.column, message, "move it to the `options` at the top")
            elif not child.name:
                self.add("JK018", child.line, child.column, "this is not an option")
            elif child.name in seen:
                self.add("JK005", child.line, child.column, f"the option `{child.name}` is here twice")
            elif child.name not in vocabulary.OPTIONS:
                self._near("JK018", child, vocabulary.OPTIONS, "option")
            seen.add(child.name)

    def environment(self, statement: Statement) -> None:
        """Checks that each variable is a name and a value that Jenkins takes."""
        for child in self.filled(statement):
            at = next((at for at, part in enumerate(child.parts) if is_symbol(part, "=")), None)
            if at != 1 or not child.name or len(child.parts) < 3:
                self.add(
                    "JK020",
                    child.line,
                    child.column,
                    "an environment holds `NAME = value` only",
                    "write `NAME = 'value'`",
                )
                continue
            problem = _refused(child.parts[2:])
            if problem:
                self.add(
                    "JK020",
                    child.parts[2].line,
                    child.parts[2].column,
                    f"{word(child.name)} is {problem}, which Jenkins refuses",
                )

    def parameters(self, statement: Statement) -> None:
        """Checks the kinds of parameters."""
        for child in self.filled(statement):
            if child.name and child.name not in vocabulary.PARAMETERS:
                self._near("JK021", child, vocabulary.PARAMETERS, "kind of parameter")

    def triggers(self, statement: Statement) -> None:
        """Checks the triggers and their schedules."""
        seen: set[str] = set()
        for child in self.filled(statement):
            if child.name in seen:
                self.add("JK005", child.line, child.column, f"the trigger `{child.name}` is here twice")
            seen.add(child.name)
            if child.name in ("cron", "pollSCM"):
                self._cron(child)
            elif child.name and child.name not in vocabulary.TRIGGERS:
                self._near("JK022", child, vocabulary.TRIGGERS, "trigger")

    def _cron(self, statement: Statement) -> None:
        text = text_of(statement.arguments)
        for line in map(str.strip, (text or "").splitlines()):
            if not line or line.startswith(("#", "@", "TZ=")) or "\\" in line:
                continue
            fields = line.split()
            if len(fields) != 5 or not all(_CRON_FIELD.fullmatch(field) for field in fields):
                self.add("JK023", statement.line, statement.column, f"{word(line)} is not a schedule")

    def when(self, statement: Statement) -> None:
        """Checks the conditions of a stage."""
        conditions = [child for child in self.filled(statement) if child.name not in vocabulary.WHEN_FLAGS]
        if statement.block is not None and body_of(statement) and not conditions:
            self.add(
                "JK016",
                statement.line,
                statement.column,
                "this `when` has no condition",
                "add one, such as `branch 'main'`",
            )
        for condition in conditions:
            self._condition(condition, 0)

    def _condition(self, statement: Statement, depth: int) -> None:
        if statement.name not in vocabulary.WHEN:
            self._near("JK016", statement, vocabulary.WHEN, "condition of `when`", always=True)
            return
        if statement.name not in ("not", "allOf", "anyOf") or depth > 20:
            return
        inner = body_of(statement)
        if statement.block is None or not inner:
            self.add("JK016", statement.line, statement.column, f"`{statement.name}` holds no condition")
        elif statement.name == "not" and len(inner) > 1:
            self.add(
                "JK016", statement.line, statement.column, "`not` takes one condition", "wrap them in allOf or anyOf"
            )
        for child in inner:
            self._condition(child, depth + 1)

    def input(self, statement: Statement) -> None:
        """Checks the question that a stage asks."""
        if statement.block is None:
            if not statement.arguments:
                self.add("JK025", statement.line, statement.column, "`input` has no message")
            return
        body = body_of(statement)
        if not any(statement.name == "message" for statement in body):
            self.add("JK025", statement.line, statement.column, "`input` has no message")
        for child in body:
            if child.name and child.name not in vocabulary.INPUT_KEYS:
                self._near("JK004", child, vocabulary.INPUT_KEYS, "key of `input`", always=True)

    def conditions(self, statement: Statement) -> list[Statement]:
        """Checks the names in `post`; returns its conditions."""
        statements = self.filled(statement)
        seen: set[str] = set()
        for child in statements:
            if child.name not in vocabulary.POST:
                self._near("JK017", child, vocabulary.POST, "condition of `post`", always=True)
            elif child.name in seen:
                self.add("JK005", child.line, child.column, f"`{child.name}` is here twice")
            elif child.block is None:
                self.add("JK017", child.line, child.column, f"`{child.name}` needs a block")
            seen.add(child.name)
        return statements

    def _near(
        self, rule: str, statement: Statement, known: tuple[str, ...], what: str, *, always: bool = False
    ) -> None:
        """Notes an unknown name; where plugins may bring names of their own, only one that is nearly a known one."""
        name = statement.name
        hint = self.findings.near(name, known, "") if name else ""
        if always or (hint and _nearly(name, hint.split("`")[1])):
            shown = word(name) if name else "this"
            self.add(
                rule,
                statement.line,
                statement.column,
                f"unknown {what}: {shown}",
                hint or f"there are: {listed(known)}",
            )


def _nearly(name: str, known: str) -> bool:
    """Whether the name is the known one with a slip of the pen."""
    from difflib import SequenceMatcher

    return name.lower() == known.lower() or SequenceMatcher(None, name, known).ratio() > 0.79


def _refused(value: tuple[Part, ...]) -> str:
    """What the value of an environment variable is, where Jenkins certainly refuses it."""
    if any(is_symbol(part, "?") or is_symbol(part, "?:") for part in value):
        return "a choice between values"
    if any(is_symbol(part, sign) for part in value[1:] for sign in "-*/%"):
        return "a calculation"
    if len(value) == 1 and isinstance(value[0], Group) and value[0].is_of("["):
        return "a list or a map"
    names = value[::2]
    dotted = all(isinstance(part, Token) and part.form is Form.NAME for part in names)
    if dotted and all(is_symbol(part, ".") for part in value[1::2]) and value:
        first = value[0]
        if isinstance(first, Token) and first.text in ("true", "false", "null"):
            return ""
        return "a variable"
    return ""
