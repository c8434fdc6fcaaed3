"""YAML documents as values that know their lines, for rules that ask for fields which may be missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline_kit.yaml.errors import YamlError
from pipeline_kit.yaml.nodes import Mapping, Node, Scalar, Sequence
from pipeline_kit.yaml.reader import Limits, read_documents

LARGEST = 2 << 20
LIMITS = Limits(characters=LARGEST, levels=60, values=200_000)


@dataclass(frozen=True, slots=True)
class Located:
    """A value and its line. What is missing is a value too, empty, at its parent's line."""

    node: Node | None
    line: int

    def get(self, *keys: str) -> Located:
        """The value below these keys, or an empty one."""
        here = self
        for key in keys:
            here = next((value for name, value in here.entries() if name == key), Located(None, here.line))
        return here

    def entries(self) -> Iterator[tuple[str, Located]]:
        """Keys and values of a mapping; none of anything else."""
        if isinstance(self.node, Mapping):
            for entry in self.node.entries:
                if isinstance(entry.key, Scalar):
                    yield entry.key.text, Located(entry.value, entry.key.line)

    def items(self) -> Iterator[Located]:
        """The items of a list; none of anything else."""
        if isinstance(self.node, Sequence):
            for item in self.node.items:
                yield Located(item, item.line)

    @property
    def text(self) -> str:
        """The scalar as it is written, or nothing."""
        return self.node.text if isinstance(self.node, Scalar) else ""

    @property
    def missing(self) -> bool:
        """Whether there is nothing here."""
        return self.node is None or (isinstance(self.node, Scalar) and self.node.text in ("", "~", "null"))

    @property
    def true(self) -> bool:
        """Whether it reads as true."""
        return self.text.lower() in ("true", "yes", "on")

    @property
    def false(self) -> bool:
        """Whether it reads as false."""
        return self.text.lower() in ("false", "no", "off")


def documents(text: str) -> list[Located]:
    """The documents of a YAML text; empty where it is not YAML (as a template), or exceeds a limit."""
    try:
        return [Located(node, node.line) for node in read_documents(text, LIMITS)]
    except YamlError:
        return []
