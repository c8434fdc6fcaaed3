"""Templates, filled strictly: a name that the values lack is an error."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment
    from jinja2 import Template as Compiled


@dataclass(frozen=True, slots=True)
class Template:
    """The file of a template, and the name that `explain` shows for it."""

    path: Path
    name: str


def fill(template: str | Template, **values: object) -> str:
    """The text of a template with the values in it; a name alone, such as `projects/bare/README.md.j2`, is the kit's.

    Values are inserted as they are: the caller has quoted them for the target language.
    """
    return compiled(template).render(**values)


@cache
def compiled(template: str | Template) -> Compiled:
    """The template, read and compiled once: that takes longer than to fill it ten times."""
    return strict_environment().from_string(source_of(template))


def source_of(template: str | Template) -> str:
    """The template's own text."""
    if isinstance(template, Template):
        return template.path.read_text(encoding="utf-8")
    return resources.files("pipeline_kit.templates").joinpath(template).read_text(encoding="utf-8")


def strict_environment() -> Environment:
    """Where templates are read: a name that is not there is an error, and a line of tags only leaves no line."""
    from jinja2 import Environment, StrictUndefined

    return Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, autoescape=False
    )
