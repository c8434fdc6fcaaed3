"""How far an object got: done, waiting or failed, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from pipeline_kit.contract.cluster import Object
from pipeline_kit.errors import Category


class ObjectState(Enum):
    """Done and failed stay so until the object changes; what waits is looked at again."""

    DONE = "done"
    WAITING = "waiting"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Readiness:
    """An object's state and its message; for a failure also the pod and the container."""

    state: ObjectState
    reason: str
    pod: str | None = None
    container: str | None = None
    category: Category = Category.PROJECT


def done(reason: str = "ready") -> Readiness:
    """It is as it should be."""
    return Readiness(ObjectState.DONE, reason)


def waiting(reason: str) -> Readiness:
    """It may still become what it should be."""
    return Readiness(ObjectState.WAITING, reason)


def failed(reason: str, category: Category = Category.PROJECT) -> Readiness:
    """It will not become what it should be without a change."""
    return Readiness(ObjectState.FAILED, reason, category=category)


def condition(found: Object, kind: str) -> Mapping[str, Any]:
    """The condition of this type in the object's status, or an empty one."""
    conditions: Sequence[Mapping[str, Any]] = part(found, "status").get("conditions") or ()
    return next((condition for condition in conditions if condition.get("type") == kind), {})


def part(found: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """The mapping below these names; empty if it is missing."""
    here: Any = found
    for name in names:
        here = here.get(name) if isinstance(here, Mapping) else None
    return here if isinstance(here, Mapping) else {}


def words(message: Any) -> str:
    """A server's message on one line."""
    return " ".join(str(message or "").split())
