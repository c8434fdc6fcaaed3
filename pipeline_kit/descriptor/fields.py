"""Typed access to a record that has been read by its parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.frozen import frozen


@frozen
class Fields:
    """A read record; a field that is not of the type asked for is as good as not given."""

    values: Mapping[str, Value]

    def text(self, name: str) -> str | None:
        """A text, or None."""
        value = self.values.get(name)
        return value if isinstance(value, str) else None

    def texts(self, name: str) -> tuple[str, ...]:
        """The texts of a list; empty if it is missing."""
        value = self.values.get(name)
        if isinstance(value, str) or not isinstance(value, Sequence):
            return ()
        return tuple(item for item in value if isinstance(item, str))

    def path(self, name: str) -> PurePosixPath | None:
        """A path, or None."""
        value = self.text(name)
        return PurePosixPath(value) if value is not None else None

    def paths(self, name: str) -> dict[str, PurePosixPath]:
        """The paths of a mapping by their names."""
        return {key: PurePosixPath(value) for key, value in self.map(name).items() if isinstance(value, str)}

    def integer(self, name: str, default: int) -> int:
        """A whole number."""
        value = self.values.get(name)
        return value if isinstance(value, int) else default

    def number(self, name: str) -> float | None:
        """A number, or None."""
        value = self.values.get(name)
        return value if isinstance(value, int | float) and not isinstance(value, bool) else None

    def flag(self, name: str) -> bool:
        """Whether it is true."""
        return self.values.get(name) is True

    def map(self, name: str) -> Mapping[str, Value]:
        """A mapping; empty if it is missing."""
        value = self.values.get(name)
        return value if isinstance(value, Mapping) else {}

    def records(self, name: str) -> dict[str, Fields]:
        """The records of a mapping by their names."""
        return {key: Fields(value) for key, value in self.map(name).items() if isinstance(value, Mapping)}

    def record(self, name: str) -> Fields:
        """A record; empty if it is missing."""
        return Fields(self.map(name))
