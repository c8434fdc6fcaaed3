"""The side map of the CI files: for each of their lines the job, the keys of the descriptor and the template's line.

It is computed on demand from the plan and the settings; nothing of it is written to the files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline_kit.render.header import headed
from pipeline_kit.render.keys import Key, KeyFinder
from pipeline_kit.render.marks import marked_lines
from pipeline_kit.render.templating import Template, fill
from pipeline_kit.render.value_sources import Source

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


def file_sources(
    template: Template, values: Mapping[str, object], comment: str, finder: KeyFinder
) -> tuple[LineSource, ...]:
    """The sources of one file's lines, its header's first."""
    body = fill(template, **values)
    lines = marked_lines(template, values, body)
    version = tuple(finder.expanded("kit.version", lines[0], None))
    header = headed(body, comment).removesuffix(body).splitlines()
    sources = [
        LineSource(number, text, template.name, 0, None, version, HEADER.says)
        for number, text in enumerate(header, start=1)
    ]
    for number, line in enumerate(lines, start=len(sources) + 1):
        source, keys = finder.find(line)
        meaning = source.says if source else finder.constant_meaning(line.text)
        sources.append(LineSource(number, line.text, template.name, line.line, line.job, keys, meaning))
    return tuple(sources)


def depth(text: str) -> int:
    """How far a line is indented."""
    return len(text) - len(text.lstrip())
