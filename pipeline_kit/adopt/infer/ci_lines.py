"""The lines of an old CI job: their meaning, which do the project's work, which variables they set."""

from __future__ import annotations

import configparser
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from pipeline_kit.adopt.forms import forms
from pipeline_kit.adopt.infer.classify import Purpose, bare, purpose
from pipeline_kit.adopt.read.makefile import Target, lines_of
from pipeline_kit.adopt.read.shell_line import ASSIGNMENT, Line, read_lines
from pipeline_kit.adopt.read.tree import Tree
from pipeline_kit.contract.ci_file import CiJob, Lost, Place, is_secret_name
from pipeline_kit.contract.wording import is_visible, readable

_OWN_VARIABLES = re.compile(
    r"(?:PIP|POETRY|UV|PIPENV|DOCKER|GIT|FF|CACHE|PRE_COMMIT|TRANSFORM|VENV|VIRTUAL)_?.*|PYTHON.*|PATH|LANG|LC_ALL|CI"
)
"""Variables of tools and servers, which mean nothing in a job of the kit."""
_CREDENTIALS = re.compile(r"://[^/\s:@]*:[^/\s@]+@")
_SET = re.compile(r"\s*set\s+[-+][A-Za-z]+(?:\s+(?:pipefail|[-+][A-Za-z]+))*\s*")


@dataclass(slots=True)
class LineReader:
    """Reads the lines of one job after the other; `lost` gathers what no job of the kit can hold."""

    tree: Tree
    targets: Mapping[str, Target]
    lost: list[Lost] = field(default_factory=list)

    def expanded(self, job: CiJob) -> list[Line]:
        """The job's lines, those of make and tox in place of their calls."""
        lines: list[Line] = []
        for line in read_lines(job.lines, job.variables):
            what = purpose(line)
            if what is Purpose.MAKE and line.words and (recipe := self.recipe(bare(line.words))):
                lines.extend(Line(item.text, line.number, item.words, item.variables) for item in recipe)
            elif what is Purpose.TOOL and line.words:
                lines.extend(self.of_tool(line))
            else:
                lines.append(line)
        return lines

    def recipe(self, words: Sequence[str]) -> list[Line]:
        """The lines of the targets that a call of make names; nothing where one is not known."""
        names = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
        if not names or any(name not in self.targets for name in names) or "-C" in words:
            return []
        return read_lines([line for name in names for line in lines_of(name, self.targets)], {})

    def of_tool(self, line: Line) -> list[Line]:
        """What tox or nox would run: the commands of tox.ini, or pytest alone."""
        place = Place("tox.ini" if self.tree.has("tox.ini") else "noxfile.py")
        what = f"`{readable(line.text, 40)}` makes environments of its own; here its commands run in the locked one"
        self.lose(place, what)
        config = configparser.ConfigParser(interpolation=None, strict=False)
        with suppress(configparser.Error):
            config.read_string(self.tree.read("tox.ini"))
        commands = config.get("testenv", "commands", fallback="pytest" if (line.words or ("",))[0] == "nox" else "")
        commands = (
            re.sub(r"\{posargs(?::([^}]*))?\}", r"\1", commands)
            .replace("{toxinidir}/", "")
            .replace("{envpython}", "python")
        )
        lines = read_lines([(commands, line.number)], {})
        return lines or [Line("pytest", line.number, ("pytest",))]

    def deploys(self, job: CiJob, lines: Sequence[Line], *, trains: bool) -> str | None:
        """The reason why a job is a deployment, or None; a job that tests or trains is never one, whatever its name."""
        meanings = [(line, purpose(line)) for line in lines]
        acts = next((line for line, what in meanings if what is Purpose.DEPLOY), None)
        if acts is not None:
            return f"`{readable(acts.text, 40)}`"
        if trains or any(what in (Purpose.TEST, Purpose.LINT) for _, what in meanings):
            return None
        return job.deploys

    def worked(self, job: CiJob, lines: Sequence[Line]) -> list[Line]:
        """The lines that do the project's work; lines that the kit replaces, or cannot run, are reported."""
        work = []
        for line in lines:
            what = purpose(line)
            place = Place(job.place.file, line.number)
            if not is_visible(line.text):
                self.lose(place, f"`{readable(line.text, 60)}`: it holds characters that cannot be seen")
            elif what is Purpose.SYSTEM:
                self.lose(place, f"`{readable(line.text, 60)}`: it belongs into the runner's image")
            elif line.words and bare(line.words)[:1] == ("dvc",) and self.of_dvc(line, place):
                continue
            elif what is Purpose.IMAGE:
                self.lose(place, f"`{readable(line.text, 60)}`: images are not built by a job of the kit yet")
            elif what not in (Purpose.INSTALL, Purpose.NOISE) and not _SET.fullmatch(line.text):
                work.append(line)
        return work

    def of_dvc(self, line: Line, place: Place) -> bool:
        """Whether a call of dvc is reported and left out: its stages become jobs, its files are fetched before."""
        action = bare(line.words or ())[1:2]
        if action in (("repro",), ("exp",)) and self.tree.has("dvc.yaml"):
            self.lose(place, f"`{readable(line.text, 40)}`: the stages of dvc.yaml are jobs here, each on its own")
            return True
        if action in (("pull",), ("fetch",), ("push",), ("remote",)):
            self.lose(
                place, f"`{readable(line.text, 40)}`: the kit reads data from the checkout, so it must be there before"
            )
            return True
        return False

    def exported(self, job: CiJob, work: Sequence[Line]) -> dict[str, str]:
        """The variables of the job's process."""
        given = dict(job.variables)
        for line in work:
            given.update(line.variables)
            if is_export(line):
                given.update(assigned(word) for word in (line.words or ())[1:])
        values: dict[str, str] = {}
        for name, value in given.items():
            if _OWN_VARIABLES.fullmatch(name):
                continue
            if is_secret_name(name) or _CREDENTIALS.search(value):
                self.lose(job.place, f"variable {readable(name, 40)}: its value is not copied; declare it in `secrets`")
            elif forms()["variable"].complaint(name) or "$" in value or not value.isprintable() or len(value) > 500:
                self.lose(job.place, f"variable {readable(name, 40)}: its value is the server's to put together")
            else:
                values[name] = value
        return values

    def lose(self, place: Place, what: str) -> None:
        """Notes what is not carried over."""
        self.lost.append(Lost(place, what))


def assigned(word: str) -> tuple[str, str]:
    """The name and value of an assignment."""
    name, _, value = word.partition("=")
    return name, value


def is_export(line: Line) -> bool:
    """Whether a line only sets variables, to plain values."""
    if line.words is None or line.words[:1] not in (("export",), ()):
        return False
    return all(ASSIGNMENT.fullmatch(word) for word in line.words[1:])
