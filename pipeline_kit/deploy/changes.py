"""What a release changes: objects and their fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Change:
    """A field, what it is and what it becomes; None where it is not there. An empty path means the whole object."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """An object, such as `Deployment fraud`, what becomes of it (`created`, `changed`, `removed`), and its fields.

    `marks` are those fields that the kit writes on every object of a release: commit, package, model.
    """

    name: str
    verb: str
    fields: tuple[Change, ...] = ()
    marks: tuple[Change, ...] = ()
