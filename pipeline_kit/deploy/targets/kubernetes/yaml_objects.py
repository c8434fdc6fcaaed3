"""YAML documents as plain values of which every mapping and list knows its line; nothing but JSON's types comes out.

Bombs of aliases and deep nesting are refused before anything is built, keys that are there twice always.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from pipeline_kit.errors import ProjectError

DEEPEST = 60
MOST_VALUES = 100_000
LARGEST = 2 << 20
LARGEST_INTEGER = 1 << 63
"""Kubernetes has no larger ones, and Python takes long to write them."""
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_WRITTEN = {f"{_TAG}str", f"{_TAG}timestamp", f"{_TAG}value", f"{_TAG}merge"}
"""What stays as it is written: JSON has no dates, and a lone `=` or `<<` as a value is text."""


class Lined(dict[str, Any]):
    """A mapping that knows the line where it begins, and the lines of its keys."""

    line: int = 1
    lines: dict[str, int]


def documents(file: str, text: str) -> Iterator[tuple[int, Any]]:
    """The documents of a text that hold anything, with their lines.

    Raises ProjectError with file and line for what is not plain YAML.
    """
    refuse_bombs(file, text)
    builder = Builder(file)
    try:
        nodes = list(yaml.compose_all(text, Loader=_LOADER))
    except yaml.YAMLError as error:
        raise not_yaml(file, error) from None
    for node in nodes:
        if node is not None and not is_null(node):
            yield node.start_mark.line + 1, builder.value(node)


def refuse_bombs(file: str, text: str) -> None:
    """Raises ProjectError for a text that would exhaust its reader."""
    if len(text) > LARGEST:
        raise ProjectError(f"{file}: larger than {LARGEST >> 20} MiB", hint="put data into a file, not into a manifest")
    depth = 0
    try:
        event: Any
        for event in yaml.parse(text, Loader=_LOADER):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST:
                raise refused(file, event.start_mark.line + 1, "nested too deep")
    except yaml.YAMLError as error:
        raise not_yaml(file, error) from None


def not_yaml(file: str, error: yaml.YAMLError) -> ProjectError:
    """The syntax error with its place."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    reason = " ".join(str(getattr(error, "problem", None) or error).split())
    hint = "templates of Helm or Kustomize are rendered before, as text of their own" if "{{" in str(error) else None
    return refused(file, mark.line + 1 if mark else 1, f"not valid YAML: {reason}", hint)


def refused(file: str, line: int, message: str, hint: str | None = None) -> ProjectError:
    """The error with its place."""
    return ProjectError(f"{file}:{line}: {message}", hint=hint)


def is_null(node: Any) -> bool:
    """Whether the node is not a value."""
    return bool(node.tag == f"{_TAG}null")


class Builder:
    """Builds values from nodes, so many at most that aliases cannot make a small file large."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.built = 0

    def value(self, node: Any, depth: int = 0) -> Any:
        """The node's value."""
        self.built += 1
        if depth > DEEPEST:
            raise self.error(node, "nested too deep: an alias holds itself, or aliases hold aliases")
        if self.built > MOST_VALUES:
            raise self.error(node, "more values than a manifest has: its aliases multiply them")
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, depth)
        if isinstance(node, yaml.SequenceNode):
            self.refuse_tag(node, "seq")
            return [self.value(entry, depth + 1) for entry in node.value]
        return self.scalar(node)

    def mapping(self, node: Any, depth: int) -> Lined:
        """A mapping whose keys are text and there once."""
        self.refuse_tag(node, "map")
        lined = Lined()
        lined.line, lined.lines = node.start_mark.line + 1, {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise self.error(key, "a list or a mapping cannot be a key")
            if key.tag == f"{_TAG}merge":
                raise self.error(key, "merge keys (<<) are not read here: write the fields out")
            if key.value in lined:
                raise self.error(key, f"the key {key.value!r} is declared twice")
            lined.lines[key.value] = key.start_mark.line + 1
            lined[key.value] = self.value(value, depth + 1)
        return lined

    def scalar(self, node: Any) -> Any:
        """Text, a number, a truth value or none, as YAML 1.1 and kubectl read them."""
        if node.tag in _WRITTEN or (node.tag in (f"{_TAG}int", f"{_TAG}float") and ":" in node.value):
            return node.value
        if node.tag == f"{_TAG}null":
            return None
        if node.tag not in (f"{_TAG}{item}" for item in ("bool", "int", "float")):
            raise self.error(node, f"the tag {node.tag.removeprefix(_TAG)!r} has no place in a manifest")
        try:
            value = yaml.SafeLoader("").construct_object(node)
        except (yaml.YAMLError, ValueError, KeyError):
            raise self.error(node, f"{node.value[:60]!r} cannot be read: quote it") from None
        if (isinstance(value, float) and not abs(value) < float("inf")) or (
            isinstance(value, int) and abs(value) > LARGEST_INTEGER
        ):
            raise self.error(node, f"{node.value[:60]!r} is not a number: quote it")
        return value

    def refuse_tag(self, node: Any, expected: str) -> None:
        """Raises ProjectError for a collection of another type, such as a set."""
        if node.tag != f"{_TAG}{expected}":
            raise self.error(node, f"the tag {node.tag.removeprefix(_TAG)!r} has no place in a manifest")

    def error(self, node: Any, message: str) -> ProjectError:
        """The error at the node's place."""
        return refused(self.file, node.start_mark.line + 1, message)
