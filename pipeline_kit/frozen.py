"""Frozen values with slots, made in a quarter of the time that `@dataclass(frozen=True, slots=True)` takes.

That compiles six methods for each class, which for the fifty classes of `pipeline-kit job` is a fifth of its whole
start. Here `__init__` alone is compiled, and the classes share all else. What comes out is a dataclass: `fields`,
`replace`, `asdict` and `match` work on it. Only what every short command imports needs this.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from operator import attrgetter
from typing import Any, NoReturn, TypeVar, cast, dataclass_transform

Class = TypeVar("Class", bound=type)


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(declared: Class) -> Class:
    """The class as a frozen dataclass with slots: compared, hashed and shown by all of its fields, in their order."""
    made: Any = dataclass(init=False, repr=False, eq=False, slots=True)(declared)
    names = [each.name for each in fields(made)]

    def first(self: Any, *values: Any, **named: Any) -> None:
        """Compiles what makes a value when the first one is made: most commands make values of few of the classes."""
        made.__init__ = initialiser(fields(made))
        made.__init__(self, *values, **named)

    methods: Mapping[str, object] = {
        "__init__": first,
        "__setattr__": refuse_assignment,
        "__delattr__": refuse_deletion,
        "__repr__": declared.__dict__.get("__repr__", shown),
        "__reduce__": taken_apart,
        **(comparison(names) if names else {}),
    }
    for name, method in methods.items():
        setattr(made, name, method)
    return cast(Class, made)


def initialiser(declared: tuple[Field[Any], ...]) -> object:
    """The `__init__` of a class with these fields; its own words begin with two underscores, as no field's does."""
    known: dict[str, object] = {"__missing": MISSING, "__set": object.__setattr__}
    parameters, lines = ["__self"], []
    for each in declared:
        given = each.name
        if each.default is not MISSING:
            known[f"__default_{each.name}"] = each.default
            parameters.append(f"{each.name}=__default_{each.name}")
        elif each.default_factory is not MISSING:
            known[f"__make_{each.name}"] = each.default_factory
            parameters.append(f"{each.name}=__missing")
            given = f"__make_{each.name}() if {each.name} is __missing else {each.name}"
        else:
            parameters.append(each.name)
        lines.append(f"  __set(__self, {each.name!r}, {given})")
    exec(f"def __init__({', '.join(parameters)}):\n" + ("\n".join(lines) or "  pass"), known)
    return known["__init__"]


def comparison(names: list[str]) -> dict[str, Callable[..., object]]:
    """Equality and hash by the fields of these names."""
    content = attrgetter(*names)

    def equals(self: object, other: object) -> bool:
        return content(self) == content(other) if other.__class__ is self.__class__ else NotImplemented

    def hashed(self: object) -> int:
        return hash(content(self))

    return {"__eq__": equals, "__hash__": hashed}


def refuse_assignment(self: object, name: str, value: object) -> NoReturn:
    """Raises FrozenInstanceError, an AttributeError."""
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def refuse_deletion(self: object, name: str) -> NoReturn:
    """Raises FrozenInstanceError, an AttributeError."""
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def shown(self: Any) -> str:
    """The value as the call that makes it."""
    content = ", ".join(f"{each.name}={getattr(self, each.name)!r}" for each in fields(self))
    return f"{type(self).__qualname__}({content})"


def taken_apart(self: Any) -> tuple[type, tuple[object, ...]]:
    """What `copy` and `pickle` make the value of again."""
    return type(self), tuple(getattr(self, each.name) for each in fields(self))
