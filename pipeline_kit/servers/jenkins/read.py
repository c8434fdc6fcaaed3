"""An existing Jenkinsfile: the stages that run shell lines, declarative or scripted, and everything else in it.

Directives by https://www.jenkins.io/doc/book/pipeline/syntax/.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from pipeline_kit.contract.ci_file import CiFile, CiJob, Lost, Place, deploy_word
from pipeline_kit.contract.wording import readable, word_set
from pipeline_kit.descriptor.server_words import ServerWords
from pipeline_kit.servers.jenkins.groovy.syntax import Statement
from pipeline_kit.servers.jenkins.groovy.tokens import Form, GroovyError, Token
from pipeline_kit.servers.jenkins.groovy.tree import (
    body,
    name_of,
    parse,
    shown,
    string_argument,
    strings_of,
    tokens_of,
    value_of,
)

FILE = "Jenkinsfile"
LARGEST = 200_000  # characters
MOST_JOBS = 60
MOST_LOST = 100
_DIRECTIVES = ("environment", "agent", "parameters")
_PARAMETER = re.compile(r"\$\{params\.([A-Za-z_][A-Za-z0-9_]*)\}")
_ENVIRONMENT = re.compile(r"\$\{env\.([A-Za-z_][A-Za-z0-9_]*)\}")
_THROUGH = word_set(
    "pipeline stages steps node script timestamps ansiColor timeout retry catchError wrap lock try finally always "
    "failFast"
)
"""Blocks whose content counts as if it were outside them."""
_QUIET = word_set(
    "options agent environment checkout cleanWs deleteDir echo junit archiveArtifacts publishHTML recordIssues "
    "stash unstash sleep properties currentBuild milestone recordCoverage cobertura def import scm error"
)
"""Steps and directives that the kit does itself, or that run nothing of the project."""
_LOST = {
    "post": "post: reports and JUnit results are published by the kit; messages are not",
    "triggers": "triggers {0}: declare it in `schedules`, with fixed minutes",
    "parameters": "parameters: their defaults are in the commands; a job's own are `parameters`",
    "input": "input {0}: write `when: manual`",
    "matrix": "matrix: write `matrix` with parameters, or several jobs",
    "tools": "tools {0}: they belong into the runner's image",
    "libraries": "libraries {0}: what a shared library does is not read",
    "bat": "bat: the kit runs on POSIX systems",
    "powershell": "powershell: the kit runs on POSIX systems",
    "withCredentials": "withCredentials {0}: declare them in `secrets`, and name them in the job",
    "docker.build": "docker.build: an image build",
    "build": "build {0}: another job of the server is not part of this pipeline",
}


@dataclass(slots=True)
class _Stage:
    """What is gathered of a stage while it is read."""

    name: str
    line: int
    needs: tuple[str, ...]
    variables: dict[str, str]
    image: str | None
    label: str
    lines: list[tuple[str, int]] = field(default_factory=list)
    events: tuple[str, ...] = ()
    manual: bool = False
    kept_paths: tuple[str, ...] = ()
    lost: list[Lost] = field(default_factory=list)


def read_jenkins(source: str, words: ServerWords) -> CiFile | None:
    """The file's stages with shell lines, each after the ones before it; `None` where there is nothing to read.

    A file that is not valid Groovy has no stages; its fault is listed as lost.
    """
    if len(source) > LARGEST:
        return None
    try:
        statements = parse(source)
    except GroovyError as error:
        return CiFile(FILE, (), (Lost(Place(FILE, error.line), readable(f"not valid Groovy: {error.message}", 160)),))
    if not statements:
        return None
    reader = _Reader(words)
    reader.walk(statements, _Stage("", 1, (), {}, None, ""))
    return CiFile(FILE, tuple(reader.jobs[:MOST_JOBS]), tuple(reader.lost))


class _Reader:
    """Walks blocks in the order they run."""

    def __init__(self, words: ServerWords) -> None:
        self.words = words
        self.jobs: list[CiJob] = []
        self.lost: list[Lost] = []
        self.last: tuple[str, ...] = ()
        self.parameters: dict[str, str] = {}

    def walk(self, statements: Sequence[Statement], around: _Stage) -> None:
        """Takes the statements of a block; shell lines go to the stage around them."""
        for statement in sorted(statements, key=lambda entry: name_of(entry) not in _DIRECTIVES):
            self.take(statement, around)

    def take(self, statement: Statement, around: _Stage) -> None:
        """Takes one statement."""
        known = {
            "stage": self.stage,
            "parallel": self.parallel,
            "environment": self.environment,
            "parameters": self.defaults,
            "agent": self.agent,
            "sh": self.shell,
            "dir": self.folder,
            "when": self.when,
            "archiveArtifacts": self.archive,
        }
        name = name_of(statement)
        if name in known:
            known[name](statement, around)
        else:
            self.other(statement, around)

    def other(self, statement: Statement, around: _Stage) -> None:
        """Takes a statement that is not part of a job."""
        name, block = name_of(statement), body(statement)
        if name in ("withEnv", "withCredentials", "sshagent", "docker.image") and block is not None:
            self.lose(statement, around, "withCredentials" if name == "sshagent" else name)
            self.walk(block, around)
        elif name == "post" and all(_is_quiet(entry) for entry in block or []):
            return  # results are published by the kit
        elif name in _LOST:
            around.manual = around.manual or name == "input"
            self.lose(statement, around, name)
        elif name in _THROUGH or (block is not None and not name):
            self.walk(block or [], around)
        elif name == "@Library" or name.startswith("library"):
            self.lose(statement, around, "libraries")
        elif name and name not in _QUIET and not name.startswith(("env.", "currentBuild", "_")):
            self.unknown(statement, around)

    def archive(self, statement: Statement, around: _Stage) -> None:
        """Files that are kept: where a model may lie."""
        string = string_argument(statement, "artifacts") or next(iter(strings_of(statement)), None)
        around.kept_paths = (*around.kept_paths, *((value_of(string),) if string else ()))

    def stage(self, statement: Statement, around: _Stage) -> None:
        """A stage: a job where it has shell lines, otherwise what is nested in it."""
        label = next(iter(strings_of(statement)), None)
        name = self.free(value_of(label) if label else "stage")
        inner = _Stage(name, statement.line, self.last, dict(around.variables), around.image, around.label)
        inner.events, inner.manual = around.events, around.manual
        self.walk(body(statement) or [], inner)
        if inner.lines:
            self.jobs.append(_job(inner, self.words))
            self.last = (name,)
        else:
            self.lost.extend(inner.lost)

    def free(self, name: str) -> str:
        """The stage's name, numbered where another has it."""
        taken = [job.name for job in self.jobs]
        return name if name not in taken else f"{name} {len(taken)}"

    def parallel(self, statement: Statement, around: _Stage) -> None:
        """Branches that start together: stages in a declarative file, named closures in a scripted one."""
        before = self.last
        ends: list[str] = []
        for entry in body(statement) or []:
            self.last = before
            self.take(entry, around)
            ends.extend(name for name in self.last if name not in before)
        self.last = tuple(ends) or before

    def environment(self, statement: Statement, around: _Stage) -> None:
        """Variables with literal values; a credential is reported."""
        for entry in body(statement) or []:
            names = [token.text for token in tokens_of(entry) if token.form is Form.NAME]
            literal = [token for token in strings_of(entry) if token.form is Form.STRING]
            if "credentials" in names:
                what = f"credential {shown(entry)}: declare it in `secrets`, and name it in the job"
                self.lost.append(Lost(Place(FILE, entry.line), readable(what)))
            elif name_of(entry) and literal and len(tokens_of(entry)) == 3:
                around.variables[name_of(entry)] = value_of(literal[0])

    def agent(self, statement: Statement, around: _Stage) -> None:
        """The image and the label that a stage, or all of them, run on."""
        nested = [statement, *(body(statement) or [])]
        nested += [inner for entry in nested[1:] for inner in body(entry) or []]
        for entry in nested:
            strings = strings_of(entry)
            if name_of(entry) in ("image", "docker") and strings:
                around.image = value_of(strings[0])
            elif name_of(entry) == "label" and strings:
                around.label = value_of(strings[0])
            elif name_of(entry) in ("dockerfile", "kubernetes"):
                self.lose(entry, around, name_of(entry))

    def shell(self, statement: Statement, around: _Stage) -> None:
        """A step `sh`: its line, or why it cannot be read."""
        token = string_argument(statement, "script") or next(iter(strings_of(statement)), None)
        if token is None:
            self.lose(statement, around, "sh", "sh with a value that only Groovy knows")
            return
        text = _unindented(token)
        if token.form is Form.GSTRING:
            text = _PARAMETER.sub(lambda match: self.parameters.get(match[1], match[0]), text)
            text = _ENVIRONMENT.sub(r"${\1}", text)
        around.lines.append((text, token.line))
        if token.form is Form.GSTRING and re.search(r"\$\{[^}]*[^A-Za-z0-9_}][^}]*\}", text):
            what = "sh with ${...} that Groovy puts in: the line is kept as bash reads it"
            around.lost.append(Lost(Place(FILE, token.line), what))

    def defaults(self, statement: Statement, around: _Stage) -> None:
        """Keeps the defaults of the build's parameters, where they are plain words."""
        self.lose(statement, around, "parameters")
        for entry in body(statement) or []:
            name, value = string_argument(entry, "name"), string_argument(entry, "defaultValue")
            if name is not None and value is not None and re.fullmatch(r"[A-Za-z0-9_./=:,@+-]+", value_of(value)):
                self.parameters[value_of(name)] = value_of(value)

    def folder(self, statement: Statement, around: _Stage) -> None:
        """A block in another folder: its lines behind a `cd`."""
        name = next(iter(strings_of(statement)), None)
        inner = replace(around, lines=[], lost=[])
        self.walk(body(statement) or [], inner)
        around.lost.extend(inner.lost)
        if inner.lines and name is not None:
            around.lines.append((f"cd {shlex.quote(value_of(name))}", name.line))
            around.lines.extend(inner.lines)

    def when(self, statement: Statement, around: _Stage) -> None:
        """The branch or event that starts a stage, where it is a plain one."""
        for entry in body(statement) or []:
            strings = strings_of(entry)
            if name_of(entry) == "branch" and len(strings) == 1 and body(entry) is None:
                around.events = (f"branch:{value_of(strings[0])}",)
            elif name_of(entry) == "buildingTag":
                around.events = ("tag",)
            elif name_of(entry) == "changeRequest":
                around.events = ("merge_request",)
            elif name_of(entry) not in ("beforeAgent", "beforeInput"):
                self.lose(entry, around, "when", "when {0}: write it as `events` or `changes`")

    def unknown(self, statement: Statement, around: _Stage) -> None:
        """A step of a plugin or a shared library."""
        self.lose(statement, around, name_of(statement), "the step {0} of a plugin or a shared library")
        self.walk(body(statement) or [], around)

    def lose(self, statement: Statement, around: _Stage, name: str, words: str | None = None) -> None:
        """Notes what is not carried over, shortened to a readable length."""
        target = around.lost if around.name else self.lost
        if len(target) >= MOST_LOST:
            return
        template = words or _LOST.get(name, f"{name} {{0}}: the kit has no such step")
        whole, block = shown(statement), body(statement)
        first = whole.removeprefix(name_of(statement)).strip() or (shown(block[0]) if block else "")
        what = readable(template.replace("{0}", readable(whole if words else first, 50)).replace(" :", ":"), 160)
        target.append(Lost(Place(FILE, statement.line), what))


def _is_quiet(statement: Statement) -> bool:
    """Whether a condition of `post` only publishes and cleans."""
    return all(name_of(entry) in _QUIET for entry in body(statement) or [])


def _unindented(token: Token) -> str:
    """A script without the indentation of the file around it."""
    text = value_of(token)
    return "\n".join(line.strip() if "<<" not in text else line for line in text.splitlines()).strip("\n")


def _job(stage: _Stage, words: ServerWords) -> CiJob:
    fits = not words.grammars["jenkins_label"].complaint(stage.label)
    return CiJob(
        name=stage.name,
        place=Place(FILE, stage.line),
        lines=tuple(stage.lines),
        needs=stage.needs,
        image=stage.image,
        runner={words.name: stage.label} if fits else {},
        variables=stage.variables,
        events=stage.events,
        manual=stage.manual,
        deploys=deploy_word(stage.name),
        kept_paths=stage.kept_paths,
        lost=tuple(stage.lost),
    )
