"""Frozen dataclasses with slots, made in a quarter of the time of `@dataclass(frozen=True, slots=True)`.

The standard decorator compiles six methods for each class: a fifth of the start of `pipeline-kit job`, which has fifty
such classes. This one compiles `__init__` alone; all other methods are shared. The result is a dataclass: `fields`,
`replace`, `asdict` and `match` work on it. Use it in modules that short commands import.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from operator import attrgetter
from typing import Any, NoReturn, TypeVar, cast, dataclass_transform

Class = TypeVar("Class", bound=type)


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(declared: Class) -> Class:
    """The class as a frozen dataclass with slots; equality, hash and repr use all fields in their order."""
    made: Any = dataclass(init=False, repr=False, eq=False, slots=True)(declared)
    names = [attribute.name for attribute in fields(made)]

    def first(self: Any, *values: Any, **named: Any) -> None:
        """Compiles `__init__` with the first value: most commands make values of few classes."""
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
    """The `__init__` of a class with these fields; its own names begin with two underscores, which no field's does."""
    known: dict[str, object] = {"__missing": MISSING, "__set": object.__setattr__}
    parameters, lines = ["__self"], []
    for attribute in declared:
        name = value = attribute.name
        if attribute.default is not MISSING:
            known[f"__default_{name}"] = attribute.default
            parameters.append(f"{name}=__default_{name}")
        elif attribute.default_factory is not MISSING:
            known[f"__make_{name}"] = attribute.default_factory
            parameters.append(f"{name}=__missing")
            value = f"__make_{name}() if {name} is __missing else {name}"
        else:
            parameters.append(name)
        lines.append(f"  __set(__self, {name!r}, {value})")
    exec(f"def __init__({', '.join(parameters)}):\n" + ("\n".join(lines) or "  pass"), known)
    return known["__init__"]


def comparison(names: list[str]) -> dict[str, Callable[..., object]]:
    """`__eq__` and `__hash__` over these fields."""
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
    content = ", ".join(f"{attribute.name}={getattr(self, attribute.name)!r}" for attribute in fields(self))
    return f"{type(self).__qualname__}({content})"


def taken_apart(self: Any) -> tuple[type, tuple[object, ...]]:
    """The value for `copy` and `pickle`."""
    return type(self), tuple(getattr(self, attribute.name) for attribute in fields(self))
