"""What a release changes in an object, field by field."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline_kit.contract.cluster import Object
from pipeline_kit.deploy.changes import Change
from pipeline_kit.deploy.targets.kubernetes.quantity import quantity
from pipeline_kit.errors import ProjectError

OF_THE_SERVER = {
    (".status",),
    *(
        (".metadata", f".{name}")
        for name in ("creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid")
    ),
}
SECRET = ("data", "stringData")
HIDDEN = "(hidden)"
KEYS = (("name",), ("containerPort", "protocol"), ("port", "protocol"), ("mountPath",), ("key",), ("topologyKey",))
"""By which fields the entries of a list are known, where all of them have these and no two the same."""
AMOUNTS = ("requests", "limits", "hard", "overhead", "capacity")
_PLAIN = re.compile(r"[A-Za-z0-9_-]+")

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two values are compared: `whole` means that what the wanted one lacks goes away."""

    whole: bool
    secret: bool


def differences(live: Object | None, wanted: Object) -> tuple[Change, ...]:
    """What changes when the wanted object is applied.

    Where `wanted` is the server's answer to a dry run, which has a `uid`, it is compared whole: what it lacks goes.
    A manifest says only what it sets; all else that lives was set by the server or by others and stays.
    """
    if live is None:
        return (Change("", None, without_secrets(wanted)),)
    comparison = Comparison(whole="uid" in wanted["metadata"], secret=wanted["kind"] == "Secret")
    return tuple(changes((), live, wanted, comparison))


def changes(path: Path, before: Any, after: Any, comparison: Comparison) -> Iterator[Change]:
    """The changes below a path, in the order of its fields."""
    if path in OF_THE_SERVER or same(path, before, after):
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        yield from of_mappings(path, before, after, comparison)
    elif isinstance(before, list) and isinstance(after, list):
        yield from of_lists(path, before, after, comparison)
    elif comparison.secret and path[:1] in [(f".{name}",) for name in SECRET]:
        yield Change(shown(path), HIDDEN if before is not None else None, HIDDEN if after is not None else None)
    elif not (is_empty(before) and is_empty(after)):
        yield Change(shown(path), before, after)


def of_mappings(path: Path, before: Mapping[str, Any], after: Mapping[str, Any], how: Comparison) -> Iterator[Change]:
    """The changes of fields."""
    for name in sorted({*before, *after} if how.whole else after):
        yield from changes((*path, f".{name}"), before.get(name), after.get(name), how)


def of_lists(path: Path, before: list[Any], after: list[Any], how: Comparison) -> Iterator[Change]:
    """The changes of entries: by what they are called where they are called something, otherwise by their places."""
    keys = keys_of(before, after)
    old, new = (by_key(entries, keys) for entries in (before, after))
    for name in dict.fromkeys([*old, *new] if how.whole or not keys else new):
        yield from changes((*path, f"[{name}]"), old.get(name), new.get(name), how)


def keys_of(before: Sequence[Any], after: Sequence[Any]) -> tuple[str, ...]:
    """The fields that identify the entries of both lists; empty if they are identified by position."""
    return next((keys for keys in KEYS if unique(before, keys) and unique(after, keys)), ())


def unique(entries: Sequence[Any], keys: tuple[str, ...]) -> bool:
    """Whether every entry has a name by these fields, and one of its own."""
    if not all(isinstance(entry, Mapping) and keys[0] in entry for entry in entries):
        return False
    return len(by_key(entries, keys)) == len(entries)


def by_key(entries: Sequence[Any], keys: tuple[str, ...]) -> dict[str, Any]:
    """The entries by their names."""
    if not keys:
        return {str(number): entry for number, entry in enumerate(entries)}
    return {"/".join(str(entry[key]) for key in keys if key in entry): entry for entry in entries}


def same(path: Path, before: Any, after: Any) -> bool:
    """Whether two values mean the same; amounts may be written in several ways."""
    if type(before) is type(after) and before == after:
        return True
    if len(path) < 2 or path[-2] not in [f".{name}" for name in AMOUNTS] or before is None or after is None:
        return False
    try:
        return quantity(before) == quantity(after)
    except ProjectError:
        return False


def is_empty(value: Any) -> bool:
    """Whether a server would take the value for no value."""
    return value is None or value in ({}, [])


def shown(path: Path) -> str:
    """The path as people write it: `spec.template.spec.containers[serve].image`."""
    parts = (part if part[0] == "[" or _PLAIN.fullmatch(part[1:]) else f'["{part[1:]}"]' for part in path)
    return "".join(parts).removeprefix(".")


def without_secrets(manifest: Object) -> Object:
    """The manifest; of a Secret the names of its values alone."""
    if manifest["kind"] != "Secret":
        return manifest
    return {
        name: dict.fromkeys(value, HIDDEN) if name in SECRET and isinstance(value, Mapping) else value
        for name, value in manifest.items()
    }
