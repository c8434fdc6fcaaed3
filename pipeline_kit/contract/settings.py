"""A stage's settings as Python types: the one place where a `Value` is narrowed.

The plan has checked every setting against `stage.yml`, so a wrong type here is a fault of the kit: TypeError.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import overload

from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.frozen import frozen

Settings = Mapping[str, Value]


@overload
def number(settings: Settings, name: str) -> float | None: ...
@overload
def number(settings: Settings, name: str, default: float) -> float: ...
def number(settings: Settings, name: str, default: float | None = None) -> float | None:
    """The setting as a number, or the default where it is unset."""
    value = settings.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(name, "a number", value)
    return float(value)


@overload
def whole(settings: Settings, name: str) -> int | None: ...
@overload
def whole(settings: Settings, name: str, default: int) -> int: ...
def whole(settings: Settings, name: str, default: int | None = None) -> int | None:
    """The setting as an integer, or the default where it is unset."""
    value = settings.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(name, "an integer", value)
    return value


@overload
def text(settings: Settings, name: str) -> str | None: ...
@overload
def text(settings: Settings, name: str, default: str) -> str: ...
def text(settings: Settings, name: str, default: str | None = None) -> str | None:
    """The setting as text, or the default where it is unset."""
    value = settings.get(name)
    if value is None:
        return default
    if not isinstance(value, str):
        raise _wrong(name, "text", value)
    return value


def flag(settings: Settings, name: str, *, default: bool = False) -> bool:
    """The setting as true or false, or the default where it is unset."""
    value = settings.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise _wrong(name, "true or false", value)
    return value


def texts(settings: Settings, name: str) -> tuple[str, ...]:
    """The setting as a tuple of texts; unset is empty."""
    return tuple(_as_text(name, value) for value in values(settings, name))


def records(settings: Settings, name: str) -> tuple[Mapping[str, Value], ...]:
    """The setting as a tuple of mappings; unset is empty."""
    return tuple(mapping({name: value}, name) for value in values(settings, name))


def values(settings: Settings, name: str) -> tuple[Value, ...]:
    """The setting as a tuple; unset is empty."""
    value = settings.get(name)
    if value is None:
        return ()
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise _wrong(name, "a list", value)
    return tuple(value)


def mapping(settings: Settings, name: str) -> Mapping[str, Value]:
    """The setting as a mapping; unset is empty."""
    value = settings.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise _wrong(name, "a mapping", value)
    return value


def command(settings: Settings, name: str) -> str | tuple[str, ...]:
    """A command setting: `module:function`, or an argv tuple."""
    value = settings.get(name)
    return value if isinstance(value, str) else tuple(_as_text(name, value) for value in values(settings, name))


@frozen
class Call:
    """Which of the project's code a job calls, `module:function` or an argv tuple, and what that is given."""

    run: str | tuple[str, ...]
    parameters: Mapping[str, Value]
    seed: int | None = None


def call(settings: Settings) -> Call:
    """The settings that every stage has that calls the project's code."""
    return Call(command(settings, "run"), mapping(settings, "parameters"), whole(settings, "seed"))


def _as_text(name: str, value: Value) -> str:
    if not isinstance(value, str):
        raise _wrong(name, "a list of texts", value)
    return value


def _wrong(name: str, wanted: str, value: Value) -> TypeError:
    return TypeError(f"setting {name} is not {wanted}: {value!r}")
