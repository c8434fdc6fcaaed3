"""A stage's settings as Python types: the one place where a `Value` is narrowed.

The plan has checked every setting against `stage.yml`, so a wrong type here is a fault of the kit: TypeError.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline_kit.descriptor.parameter import Value

Settings = Mapping[str, Value]


def number(settings: Settings, name: str) -> float | None:
    """The setting as a number, or none where it is unset."""
    value = settings.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(name, "a number", value)
    return float(value)


def whole(settings: Settings, name: str) -> int | None:
    """The setting as an integer, or none where it is unset."""
    value = settings.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(name, "an integer", value)
    return value


def text(settings: Settings, name: str) -> str | None:
    """The setting as text, or none where it is unset."""
    value = settings.get(name)
    if value is not None and not isinstance(value, str):
        raise _wrong(name, "text", value)
    return value


def flag(settings: Settings, name: str) -> bool:
    """The setting as true or false; unset is false."""
    value = settings.get(name)
    if value is not None and not isinstance(value, bool):
        raise _wrong(name, "true or false", value)
    return bool(value)


def texts(settings: Settings, name: str) -> tuple[str, ...]:
    """The setting as a tuple of texts; unset is empty."""
    return tuple(_as_text(name, each) for each in values(settings, name))


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
    return value if isinstance(value, str) else tuple(_as_text(name, each) for each in values(settings, name))


def _as_text(name: str, value: Value) -> str:
    if not isinstance(value, str):
        raise _wrong(name, "a list of texts", value)
    return value


def _wrong(name: str, wanted: str, value: Value) -> TypeError:
    return TypeError(f"setting {name} is not {wanted}: {value!r}")
