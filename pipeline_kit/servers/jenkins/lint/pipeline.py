"""The structure of a declarative pipeline: stages in stages, which section is where, which steps have an agent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from pipeline_kit.lint.finding import Findings, listed, word
from pipeline_kit.servers.jenkins.groovy.syntax import Group, Part, Statement, closure_body, is_symbol, statements
from pipeline_kit.servers.jenkins.groovy.tokens import Form, Token
from pipeline_kit.servers.jenkins.lint import vocabulary
from pipeline_kit.servers.jenkins.lint.settings import Settings, body_of, text_of

_DEEPEST = 30


@dataclass(frozen=True, slots=True)
class _Place:
    """The surroundings of a stage: whether it has an agent, and whether it is inside parallel or matrix."""

    agent: bool
    parallel: bool = False
    depth: int = 0


class Pipeline:
    """The checks of one `pipeline { }`."""

    def __init__(self, findings: Findings) -> None:
        self._settings = Settings(findings)
        self._findings = findings
        self._add = findings.add

    def check(self, statement: Statement) -> None:
        """Notes everything that is wrong in the pipeline."""
        sections = self._sections(statement, vocabulary.PIPELINE, "pipeline")
        for name in ("agent", "stages"):
            if name not in sections and sections:
                self._add("JK003", statement.line, statement.column, f"the pipeline has no `{name}`", f"add `{name}`")
        if not sections and not body_of(statement):
            self._add("JK006", statement.line, statement.column, "the pipeline is empty")
        agent = self._settings.agent(sections["agent"]) if "agent" in sections else True
        place = _Place(agent)
        self._directives(sections, place, of_stage=False)
        if "stages" in sections:
            self._stages(sections["stages"], place)

    def _sections(self, statement: Statement, known: Collection[str], where: str) -> dict[str, Statement]:
        """The sections of a block by name; what is unknown, misplaced or doubled is noted."""
        statements: dict[str, Statement] = {}
        for child in self._separated(body_of(statement), known):
            if child.name in known and not _is_code(child):
                if child.name in statements:
                    message = f"`{child.name}` is twice in this {where}"
                    self._add("JK005", child.line, child.column, message)
                else:
                    statements[child.name] = child
            else:
                self._misplaced(child, known, where)
        return statements

    def _separated(self, found: list[Statement], known: Collection[str]) -> Iterator[Statement]:
        """The statements, those apart that share a line: Groovy reads `when { } steps { }` as one call."""
        for statement in found:
            start = 0
            for at, (part, after) in enumerate(pairwise(statement.parts)):
                closes = isinstance(part, Group) and part.is_of("{")
                if closes and isinstance(after, Token) and after.text in known:
                    message = f"`{after.text}` begins behind another directive, so that Groovy reads both as one"
                    self._add("JK004", after.line, after.column, message, "begin it on a line of its own")
                    yield Statement(statement.parts[start : at + 1])
                    start = at + 1
            yield Statement(statement.parts[start:])

    def _misplaced(self, statement: Statement, known: Collection[str], where: str) -> None:
        name = statement.name
        homes = {"pipeline": vocabulary.PIPELINE, "stage": vocabulary.STAGE, "matrix": vocabulary.MATRIX}
        home = [place for place, names in homes.items() if name in names]
        if name == "stage":
            hint = "a stage belongs in `stages` or in `parallel`"
        elif home:
            hint = f"it belongs in a {' or a '.join(home)}"
        elif name in ("script", *vocabulary.NODE_STEPS, "echo", "node") and where == "stage":
            hint = "a step belongs in `steps { }`"
        elif name in vocabulary.NO_STEPS or _is_code(statement):
            hint = "code belongs in `script { }` inside `steps`, or before the pipeline"
        else:
            hint = self._findings.near(name, known, f"a {where} may hold: {listed(known)}")
        shown = word(name) if name else "this"
        article = "the" if where == "stages" else "a"
        self._add("JK004", statement.line, statement.column, f"{shown} has no place in {article} {where}", hint)

    def _directives(self, sections: dict[str, Statement], place: _Place, *, of_stage: bool) -> None:
        settings = self._settings
        for name, section in sections.items():
            if name == "options":
                settings.options(section, of_stage=of_stage)
            elif name == "environment":
                settings.environment(section)
            elif name == "parameters":
                settings.parameters(section)
            elif name == "triggers":
                settings.triggers(section)
            elif name in ("tools", "libraries"):
                settings.filled(section)
            elif name == "when":
                settings.when(section)
            elif name == "input":
                settings.input(section)
            elif name == "post":
                for condition in settings.conditions(section):
                    self._steps(condition, place, required=True)

    def _stages(self, statement: Statement, place: _Place) -> None:
        """Checks the stages in `stages` or `parallel`."""
        statements = self._settings.filled(statement)
        if place.depth > _DEEPEST:
            return
        names: Counter[str] = Counter()
        for child in statements:
            if child.name == "stage":
                name = self._stage_name(child)
                names[name or ""] += 1
                if name and names[name] == 2:
                    self._add(
                        "JK011", child.line, child.column, f"a stage before this one has the name {word(name)} too"
                    )
                self._stage(child, name or "?", place)
            elif not (child.name == "failFast" and statement.name == "parallel"):
                self._misplaced(child, ("stage",), statement.name)

    def _stage_name(self, statement: Statement) -> str | None:
        arguments = statement.arguments
        text = text_of(arguments)
        if text is not None and text.strip():
            return text
        if len(arguments) == 1 and isinstance(arguments[0], Token) and arguments[0].form is Form.NAME:
            return None  # Jenkins takes the variable's own name for the stage's
        if statement.block is not None and not statement.named():
            what = "its name is put together" if arguments and text is None else "it has no name"
            self._add("JK007", statement.line, statement.column, f"this stage cannot be read: {what}")
        return None

    def _stage(self, statement: Statement, name: str, place: _Place) -> None:
        if statement.block is None:
            self._add("JK006", statement.line, statement.column, f"the stage {word(name)} has no block")
            return
        sections = self._sections(statement, vocabulary.STAGE, "stage")
        bodies = [body for body in vocabulary.BODIES if body in sections]
        if len(bodies) > 1:
            second = max((sections[body] for body in bodies), key=lambda each: (each.line, each.column))
            message = f"the stage {word(name)} has {' and '.join(f'`{body}`' for body in bodies)}"
            self._add("JK008", second.line, second.column, message)
        if not bodies and len(sections) == len(body_of(statement)):
            self._add("JK009", statement.line, statement.column, f"the stage {word(name)} does nothing")
        if "agent" in sections:
            place = self._with_agent(sections["agent"], place)
        self._directives(sections, place, of_stage=True)
        self._fail_fast(sections)
        for body in bodies:
            self._body(sections, sections[body], name, replace(place, depth=place.depth + 1))

    def _with_agent(self, statement: Statement, place: _Place) -> _Place:
        """The place with the agent; `agent none` inside another agent takes nothing away."""
        return replace(place, agent=self._settings.agent(statement) or place.agent)

    def _fail_fast(self, sections: dict[str, Statement]) -> None:
        flag = sections.get("failFast")
        if flag is not None and not {"parallel", "matrix"} & set(sections):
            self._add("JK026", flag.line, flag.column, "`failFast` belongs to `parallel` or `matrix`")

    def _body(self, sections: dict[str, Statement], body: Statement, name: str, place: _Place) -> None:
        if body.name == "steps":
            self._steps(body, place, required=True)
            return
        if body.name in ("parallel", "matrix"):
            if place.parallel:
                self._add(
                    "JK010",
                    body.line,
                    body.column,
                    f"`{body.name}` in {word(name)} is inside another parallel or matrix",
                )
            for wrong in ("agent", "tools"):
                if wrong in sections:
                    message = f"`{wrong}` has no place in {word(name)}, which has `{body.name}`"
                    self._add("JK012", sections[wrong].line, sections[wrong].column, message)
            place = replace(place, parallel=True)
        if body.name == "matrix":
            self._matrix(body, place)
        else:
            self._stages(body, place)

    def _matrix(self, statement: Statement, place: _Place) -> None:
        sections = self._sections(statement, vocabulary.MATRIX, "matrix")
        for name in ("axes", "stages"):
            if name not in sections:
                self._add("JK024", statement.line, statement.column, f"this matrix has no `{name}`")
        if "agent" in sections:
            place = self._with_agent(sections["agent"], place)
        self._directives(sections, place, of_stage=True)
        if "axes" in sections:
            self._axes(sections["axes"])
        for child in self._settings.filled(sections["excludes"]) if "excludes" in sections else []:
            if child.name == "exclude":
                self._axes(child)
            else:
                self._add("JK024", child.line, child.column, "`excludes` holds `exclude { }` only")
        if "stages" in sections:
            self._stages(sections["stages"], replace(place, depth=place.depth + 1))

    def _axes(self, statement: Statement) -> None:
        for child in self._settings.filled(statement):
            if child.name != "axis":
                self._add("JK024", child.line, child.column, f"`{statement.name}` holds `axis {{ }}` only")
                continue
            has = {inner.name for inner in body_of(child)}
            if "name" not in has or not has & {"values", "notValues"}:
                self._add("JK024", child.line, child.column, "this axis lacks `name` or `values`")

    def _steps(self, statement: Statement, place: _Place, *, required: bool = False) -> None:
        """Checks that a block holds steps, and that those which need an agent have one."""
        if statement.block is None:
            if required and statement.name == "steps":
                self._settings.filled(statement)
            return
        body = body_of(statement)
        if required and not body:
            self._add("JK006", statement.line, statement.column, f"`{statement.name}` is empty")
        if place.depth > _DEEPEST * 2:
            return
        for child in body:
            self._step(child, replace(place, depth=place.depth + 1))

    def _step(self, statement: Statement, place: _Place) -> None:
        name = statement.name
        if name in vocabulary.BLOCK_STEPS and statement.block is None and not _is_code(statement):
            self._add("JK027", statement.line, statement.column, f"`{name}` has no block")
            return
        if name == "script":
            if not place.agent and statement.block is not None:
                self._code(statement.block, place)
            return
        if _is_code(statement) or not name:
            self._add("JK015", statement.line, statement.column, "this is code, which only `script` takes")
            return
        if not place.agent and name in vocabulary.NODE_STEPS:
            self._add("JK014", statement.line, statement.column, f"`{name}` needs an agent, and has none")
        if name not in vocabulary.PLAIN_WRAPPERS:
            place = replace(place, agent=True)
        if statement.block is not None and name not in ("parallel", "withGroovy"):
            self._steps(statement, place)

    def _code(self, block: Group, place: _Place) -> None:
        """Looks in a `script` without an agent for steps that need one, as far as that is plain to see."""
        for statement in statements(closure_body(block)):
            if statement.name in vocabulary.NODE_STEPS and not _is_code(statement):
                self._add("JK014", statement.line, statement.column, f"`{statement.name}` needs an agent, and has none")


def _is_code(statement: Statement) -> bool:
    """Whether the statement is code, and neither a directive nor a step."""
    parts = statement.parts
    if statement.name in vocabulary.NO_STEPS:
        return True
    second: Part | None = parts[1] if len(parts) > 1 else None
    if statement.name in vocabulary.CODE_TYPES and isinstance(second, Token) and second.form is Form.NAME:
        return True
    if any(is_symbol(second, text) for text in ("=", ".", "+=", "-=", "?.", "++", "--", "<<", "?", "==")):
        return True
    return isinstance(second, Group) and second.is_of("[") and len(parts) > 2 and is_symbol(parts[2], "=")
