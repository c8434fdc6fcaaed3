"""The side map of the CI files: for each of their lines the job, the keys of the descriptor and the template's line.

It is made anew whenever somebody asks, from the plan and the settings; nothing of it stands in the files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline_kit.descriptor.model import Descriptor
from pipeline_kit.descriptor.origin import Setting
from pipeline_kit.plan.model import Plan
from pipeline_kit.render import gitlab, jenkins
from pipeline_kit.render.keys import Key, KeyFinder
from pipeline_kit.render.marks import marked_lines
from pipeline_kit.render.project import GITLAB_FILE, JENKINS_FILE, headed
from pipeline_kit.render.provenance import Source, constant_meaning

HEADER = Source("The header: the kit's version, and a digest by which an edit by hand is found.", ("kit.version",))


@dataclass(frozen=True, slots=True)
class LineSource:
    """Where one line comes from; `template_line` is 0 for the header, which no template holds.

    Without keys it is the same in every file that the kit renders.
    """

    number: int
    text: str
    template: str
    template_line: int
    job: str | None
    keys: tuple[Key, ...]
    meaning: str


def line_sources(plan: Plan, descriptor: Descriptor, settings: Setting) -> dict[str, tuple[LineSource, ...]]:
    """The source of every line of both CI files, by file."""
    finder = KeyFinder(plan, descriptor, settings)
    body = gitlab.render_gitlab(plan, descriptor)
    yaml = file_sources(gitlab.TEMPLATE, gitlab.template_values(plan, descriptor), body, "#", finder)
    body = jenkins.render_jenkins(plan, descriptor)
    groovy = file_sources(jenkins.TEMPLATE, jenkins.template_values(plan, descriptor), body, "//", finder)
    return {GITLAB_FILE: with_headers(yaml), JENKINS_FILE: with_closers(groovy)}


def file_sources(
    template: str, values: Mapping[str, object], body: str, comment: str, finder: KeyFinder
) -> list[LineSource]:
    """The sources of one file's lines, its header's first."""
    lines = marked_lines(template, values, body)
    version = tuple(finder.expanded("kit.version", lines[0], None))
    header = headed(body, comment).removesuffix(body).splitlines()
    found = [LineSource(at, text, template, 0, None, version, HEADER.says) for at, text in enumerate(header, start=1)]
    for at, line in enumerate(lines, start=len(found) + 1):
        source, keys = finder.find(line)
        meaning = source.says if source else constant_meaning(line.text)
        found.append(LineSource(at, line.text, template, line.line, line.job, keys, meaning))
    return found


def with_headers(lines: Sequence[LineSource]) -> tuple[LineSource, ...]:
    """YAML's lines; a key with nothing behind it comes from what the first line under it comes from."""
    found = list(lines)
    for at in reversed(range(len(found) - 1)):
        line, below = found[at], found[at + 1]
        if line.text.endswith(":") and below.job == line.job and depth(below.text) > depth(line.text) > 0:
            found[at] = replace(line, keys=below.keys, meaning=below.meaning)
    return tuple(found)


def with_closers(lines: Sequence[LineSource]) -> tuple[LineSource, ...]:
    """Groovy's lines; a bracket that closes a block comes from what the line comes from that opens it."""
    found, opened = list(lines), dict[int, LineSource]()
    for at, line in enumerate(found):
        if line.text.endswith(("{", "([")):
            opened[depth(line.text)] = line
        elif line.text.lstrip().startswith(("}", "]")) and depth(line.text) in opened:
            opener = opened.pop(depth(line.text))
            found[at] = replace(line, keys=opener.keys, meaning=f"Closes line {opener.number}: {opener.meaning}")
    return tuple(found)


def depth(text: str) -> int:
    """How far a line is indented."""
    return len(text) - len(text.lstrip())
