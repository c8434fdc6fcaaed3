"""The kit's Dockerfile, filled so that no value in it is read as anything but a value."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from importlib import resources

from pipeline_kit.errors import UsageError
from pipeline_kit.images.build.content import ImageContent
from pipeline_kit.images.names import PACKAGES

TEMPLATE = "docker/Dockerfile.j2"
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
NUMBERS = re.compile(r"[0-9]+(:[0-9]+)?")
UNSPEAKABLE = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
"""A line of a Dockerfile ends at any of these, also inside quotes."""


def dockerfile_of(content: ImageContent, *, wheels: bool) -> str:
    """The kit's Dockerfile for this content; the base is its build argument BASE. Raises UsageError."""
    from jinja2 import Environment, StrictUndefined

    source = resources.files("pipeline_kit.templates").joinpath(TEMPLATE).read_text(encoding="utf-8")
    environment = Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, autoescape=False
    )
    return environment.from_string(source).render(
        packages=f"/{PACKAGES}",
        wheels=wheels,
        environment=[(variable(name), quoted(value)) for name, value in sorted(content.environment.items())],
        working_folder=quoted(content.working_folder),
        user=content.user if NUMBERS.fullmatch(content.user) else quoted(content.user),
        port=int(content.port),
        entrypoint=words(content.entrypoint),
    )


def quoted(value: str) -> str:
    """A value in the quotes of a Dockerfile, in which no variable is looked up. Raises UsageError for more lines."""
    return '"' + re.sub(r'([\\"$])', r"\\\1", speakable(value)) + '"'


def words(values: Sequence[str]) -> str:
    """Words as a JSON array, which Docker neither splits nor gives to a shell."""
    return json.dumps([speakable(value) for value in values])


def speakable(value: str) -> str:
    """The value, which is one line. Raises UsageError where it is more than that."""
    if UNSPEAKABLE.search(value):
        raise UsageError(f"{value!r} has characters that no Dockerfile can hold", hint="write it in one line")
    return value


def variable(name: str) -> str:
    """The name of a variable. Raises UsageError for an invalid one."""
    if not NAME.fullmatch(name):
        raise UsageError(f"{name!r} is not a valid variable name", hint="letters, digits and `_`")
    return name
