"""The kit's templates, filled strictly: a name that the values lack is an error."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment, Template


def fill(template: str, **values: object) -> str:
    """The text of a template, such as `gitlab/gitlab-ci.yml.j2`, with the values in it.

    Values are inserted as they are: whoever calls has quoted them for the target language.
    """
    return compiled(template).render(**values)


@cache
def compiled(template: str) -> Template:
    """The template, read and compiled once: that takes longer than to fill it ten times."""
    source = resources.files("pipeline_kit.templates").joinpath(template).read_text(encoding="utf-8")
    return strict_environment().from_string(source)


def strict_environment() -> Environment:
    """Where templates are read: a name that is not there is an error, and a line of tags only leaves no line."""
    from jinja2 import Environment, StrictUndefined

    return Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, autoescape=False
    )
