"""YAML documents as plain values of which every mapping and list knows its line; nothing but JSON's types comes out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from pipeline_kit.errors import ProjectError
from pipeline_kit.yaml.errors import YamlError
from pipeline_kit.yaml.nodes import Mapping, Node, Scalar, Sequence
from pipeline_kit.yaml.reader import NESTED_KEY, Limits, read_documents

LIMITS = Limits(characters=2 << 20, levels=60, values=100_000)
LARGEST_INTEGER = 1 << 63
"""Kubernetes has no larger ones, and Python takes long to write them."""
RESOLVER: Any = yaml.SafeLoader("")
"""PyYAML's rules of YAML 1.1, which kubectl follows too: what a scalar is, and its value."""
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
    objects = _Objects(file)
    try:
        nodes = read_documents(text, LIMITS)
    except YamlError as error:
        raise refused(file, error.line, error.message, hint_for(text, error)) from None
    for node in nodes:
        if not (isinstance(node, Scalar) and tag_of(node) == f"{_TAG}null"):
            yield node.line, objects.value(node)


def hint_for(text: str, error: YamlError) -> str:
    """The next step after a syntax error; the line of a template looks like broken YAML."""
    lines = text.splitlines()
    if error.line <= len(lines) and "{{" in lines[error.line - 1]:
        return "templates of Helm or Kustomize are rendered before, as text of their own"
    return error.hint


def refused(file: str, line: int, message: str, hint: str | None = None) -> ProjectError:
    """The error with its place."""
    return ProjectError(f"{file}:{line}: {message}", hint=hint)


def tag_of(scalar: Scalar) -> str:
    """The tag of a scalar: its own, or what YAML 1.1 takes its text for."""
    if scalar.tag is not None and scalar.tag != "!":
        return scalar.tag
    return str(RESOLVER.resolve(yaml.ScalarNode, scalar.text, (scalar.plain, not scalar.plain)))


class _Objects:
    """Makes values of nodes; an alias is made again at each place, so that no two objects share a part."""

    def __init__(self, file: str) -> None:
        self.file = file

    def value(self, node: Node) -> Any:
        """The node's value."""
        if isinstance(node, Mapping):
            return self.mapping(node)
        if isinstance(node, Sequence):
            self.refuse_tag(node, "seq")
            return [self.value(item) for item in node.items]
        return self.scalar(node)

    def mapping(self, node: Mapping) -> Lined:
        """A mapping whose keys are text and there once."""
        self.refuse_tag(node, "map")
        lined = Lined()
        lined.line, lined.lines = node.line, {}
        for entry in node.entries:
            key = entry.key
            if not isinstance(key, Scalar):
                raise self.error(key, NESTED_KEY)
            if tag_of(key) == f"{_TAG}merge":
                raise self.error(key, "merge keys (<<) are not read here: write the fields out")
            if key.text in lined:
                raise self.error(key, f"the key {key.text!r} is declared twice")
            lined.lines[key.text] = key.line
            lined[key.text] = self.value(entry.value)
        return lined

    def scalar(self, node: Scalar) -> Any:
        """Text, a number, a truth value or none, as YAML 1.1 and kubectl read them."""
        tag = tag_of(node)
        if tag in _WRITTEN or (tag in (f"{_TAG}int", f"{_TAG}float") and ":" in node.text):
            return node.text
        if tag == f"{_TAG}null":
            return None
        if tag not in (f"{_TAG}{kind}" for kind in ("bool", "int", "float")):
            raise self.error(node, f"the tag {tag.removeprefix(_TAG)!r} has no place in a manifest")
        try:
            value = yaml.SafeLoader.yaml_constructors[tag](RESOLVER, yaml.ScalarNode(tag, node.text))
        except (yaml.YAMLError, ValueError, KeyError):
            raise self.error(node, f"{node.text[:60]!r} cannot be read: quote it") from None
        if (isinstance(value, float) and not abs(value) < float("inf")) or (
            isinstance(value, int) and abs(value) > LARGEST_INTEGER
        ):
            raise self.error(node, f"{node.text[:60]!r} is not a number: quote it")
        return value

    def refuse_tag(self, node: Mapping | Sequence, expected: str) -> None:
        """Raises ProjectError for a collection of another type, such as a set."""
        if node.tag not in (None, "!", f"{_TAG}{expected}"):
            raise self.error(node, f"the tag {node.tag.removeprefix(_TAG)!r} has no place in a manifest")

    def error(self, node: Node, message: str) -> ProjectError:
        """The error at the node's place."""
        return refused(self.file, node.line, message)
