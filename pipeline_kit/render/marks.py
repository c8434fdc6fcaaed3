"""A rendered template in which each line knows its template line, its job and its values.

The same template and the same values are rendered once more with marks in them. Without its marks the text must be what
rendering gives, so a mark can be missing but never move a byte.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from pipeline_kit.render.templating import Template, source_of, strict_environment

if TYPE_CHECKING:
    from jinja2 import nodes

# Control characters, which no quoted value holds (see quoting.py) and no filter of the templates treats as space.
MARK = re.compile("\x01([^\x02]*)\x02")
ONLY_TAGS = re.compile(r"\s*(?:\{%.*?%\}\s*)+")


@dataclass(frozen=True, slots=True)
class MarkedLine:
    """One line of a rendered text: the template's line, the job as it is printed, and the values in it by their path.

    `conditions` are the values that decided whether the line is there at all, the innermost condition's first.
    """

    text: str
    line: int
    job: str | None
    values: tuple[str, ...]
    conditions: tuple[tuple[str, ...], ...]


def marked_lines(template: Template, values: Mapping[str, object], expected: str) -> tuple[MarkedLine, ...]:
    """The lines of a template filled with values; `expected` is what rendering made of them."""
    source = source_of(template)
    environment = strict_environment()
    environment.globals["here"] = here
    wrapped = {name: wrap(value, name) for name, value in values.items()}
    text = environment.from_string(with_marks(source)).render(**wrapped)
    if MARK.sub("", text) != expected:
        raise AssertionError(f"{template.name} with marks is not the same text")
    decided = {line: tuple(chain) for line, chain in conditions(environment.parse(source))}
    return tuple(read_lines(text, decided))


def here(number: int, job: object) -> str:
    """The mark at the beginning of a template's line; `job` is undefined outside of jobs."""
    name = MARK.sub("", job.name).strip("'\"") if isinstance(job, SimpleNamespace) else ""
    return f"\x01@{number} {name}\x02"


def with_marks(source: str) -> str:
    """The template with a mark before each line that writes anything."""
    lines = source.splitlines(keepends=True)
    return "".join(
        line if ONLY_TAGS.fullmatch(line) else f"{{{{ here({number}, job) }}}}{line}"
        for number, line in enumerate(lines, start=1)
    )


def wrap(value: object, path: str) -> Any:
    """A value that prints its path as a mark before itself; what is empty or a truth value stays as it is."""
    if isinstance(value, bool) or value is None or value == "":
        return value
    if is_dataclass(value):
        document = {field.name: wrap(getattr(value, field.name), f"{path}.{field.name}") for field in fields(value)}
        return SimpleNamespace(**document)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(wrap(entry, f"{path}.{number}") for number, entry in enumerate(value))
    return f"\x01{path}\x02{value}"


def read_lines(text: str, decided: Mapping[int, tuple[tuple[str, ...], ...]]) -> Iterator[MarkedLine]:
    """The lines of a marked text; a line without a mark belongs to the template's line before it."""
    line, job = 1, ""
    for part in text.removesuffix("\n").split("\n"):
        marks = MARK.findall(part)
        places = [mark for mark in marks if mark.startswith("@")]
        if places:
            number, _, job = places[-1].removeprefix("@").partition(" ")  # the last is of the innermost macro
            line = int(number)
        values = tuple(dict.fromkeys(mark for mark in marks if not mark.startswith("@")))
        yield MarkedLine(MARK.sub("", part), line, job or None, values, decided.get(line, ()))


def conditions(
    node: nodes.Node, chain: Sequence[tuple[str, ...]] = ()
) -> Iterator[tuple[int, Sequence[tuple[str, ...]]]]:
    """For each line that writes anything the values asked by the conditions around it, innermost first."""
    from jinja2 import nodes

    if isinstance(node, nodes.Output):
        for part in node.nodes:
            texts = part.data.split("\n") if isinstance(part, nodes.TemplateData) else ["-"]
            yield from ((part.lineno + number, chain) for number, text in enumerate(texts) if text.strip())
    elif isinstance(node, nodes.If):
        inner = [asked(node.test), *chain]
        for branch in (*node.body, *node.elif_, *node.else_):
            yield from conditions(branch, inner)
    else:
        for child in node.iter_child_nodes():
            yield from conditions(child, chain)


def asked(test: nodes.Node) -> tuple[str, ...]:
    """The values that a condition asks, such as `job.manual`."""
    from jinja2 import nodes

    every = [test, *test.find_all(nodes.Node)]
    names = [
        f"{item.node.name}.{item.attr}"
        for item in every
        if isinstance(item, nodes.Getattr) and isinstance(item.node, nodes.Name)
    ]
    return tuple(names) or tuple(name.name for name in every if isinstance(name, nodes.Name))
