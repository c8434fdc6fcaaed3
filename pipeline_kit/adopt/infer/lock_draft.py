"""A requirements file with hashes, drafted from another tool's lock file alone, without network.

Markers are carried along: a distribution that only some platforms need is pinned with the condition under which.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from packaging.markers import InvalidMarker, Marker
from packaging.utils import canonicalize_name

from pipeline_kit.adopt.read.metadata import read_toml

HEADER = "# Drafted by `pipeline-kit init`; keep it in step with the file that it came from.\n"
_HASH = re.compile(r"(?:sha256|sha384|sha512):[0-9a-f]{64,128}")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.!+_-]*")
MOST_CONDITIONS = 12


@dataclass(frozen=True, slots=True)
class Locked:
    """One pinned distribution."""

    name: str
    version: str
    hashes: tuple[str, ...]
    marker: str = ""


def draft(file: str, text: str) -> str | None:
    """The lock file as pip reads it, or None where this one cannot be turned into that without its own tool."""
    reader = {"uv.lock": _uv, "poetry.lock": _poetry, "Pipfile.lock": _pipfile, "pdm.lock": _pdm}.get(file)
    pins = reader(text) if reader else None
    if not pins or not all(_is_whole(pin) for pin in pins):
        return None
    names = [pin.name for pin in pins]
    if any(names.count(pin.name) > 1 and not pin.marker for pin in pins):
        return None  # a fork: two versions, and nothing says which of them where
    return HEADER + "".join(_written(pin) for pin in sorted(pins, key=lambda each: (each.name, each.version)))


def pinned_names(text: str) -> frozenset[str]:
    """The distributions that a draft pins."""
    return frozenset(re.findall(r"(?m)^([a-z0-9][a-z0-9.-]*)==", text))


def _is_whole(each: Locked) -> bool:
    """Whether the pin can be written: the content of a lock file is data, and checked like any other."""
    named = re.fullmatch(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", each.name) is not None
    return named and _VERSION.fullmatch(each.version) is not None and bool(each.hashes) and "\n" not in each.marker


def _written(each: Locked) -> str:
    condition = f" ; {each.marker}" if each.marker else ""
    hashes = "".join(f" \\\n    --hash={each_hash}" for each_hash in each.hashes)
    return f"{each.name}=={each.version}{condition}{hashes}\n"


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _hashes(entries: Iterable[Any]) -> tuple[str, ...]:
    """The hashes among the entries' `hash` fields."""
    hashes = (entry.get("hash") if isinstance(entry, dict) else entry for entry in entries)
    return tuple(sorted({item for item in hashes if isinstance(item, str) and _HASH.fullmatch(item)}))


def _marker(value: Any) -> str | None:
    """A marker in the form of PEP 508; None if it is not a marker."""
    if not isinstance(value, str) or not value:
        return ""
    try:
        return str(Marker(value))
    except (InvalidMarker, RecursionError):
        return None


def _pipfile(text: str) -> list[Locked] | None:
    """Of Pipfile.lock: what is needed to run and to develop."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    pins: dict[str, Locked] = {}
    for section in ("default", "develop"):
        for name, value in _table(_table(document).get(section)).items():
            entry, marker = _table(value), _marker(_table(value).get("markers"))
            version = entry.get("version")
            if marker is None or not isinstance(version, str) or not version.startswith("=="):
                return None  # from git, or from a folder
            pins[canonicalize_name(name)] = Locked(
                canonicalize_name(name), version[2:], _hashes(_list(entry.get("hashes"))), marker
            )
    return list(pins.values())


def _poetry(text: str) -> list[Locked] | None:
    """Of poetry.lock of format 2.1 and later, which keeps each distribution's marker; earlier ones do not."""
    document = read_toml(text)
    version = str(_table(document.get("metadata")).get("lock-version", ""))
    if tuple(int(part) for part in re.findall(r"[0-9]+", version)[:2]) < (2, 1):
        return None
    entries = []
    for entry in map(_table, _list(document.get("package"))):
        if entry.get("optional") and not entry.get("groups"):
            continue
        markers = entry.get("markers")
        if isinstance(markers, dict):  # a marker for each group: any of them will do
            parts = [marker for marker in markers.values() if isinstance(marker, str)]
            markers = (
                " or ".join(f"({part})" for part in parts) if len(parts) == len(_list(entry.get("groups"))) else ""
            )
        marker = _marker(markers)
        if marker is None or ("source" in entry and _table(entry["source"]).get("type") not in (None, "legacy")):
            return None
        if "extra" in marker:
            continue
        name = canonicalize_name(str(entry.get("name", "")))
        entries.append(Locked(name, str(entry.get("version", "")), _hashes(_list(entry.get("files"))), marker))
    return entries


def _pdm(text: str) -> list[Locked] | None:
    """Of pdm.lock with inherited metadata, which keeps each distribution's marker."""
    document = read_toml(text)
    if "inherit_metadata" not in _list(_table(document.get("metadata")).get("strategy")):
        return None
    entries = []
    for entry in map(_table, _list(document.get("package"))):
        marker = _marker(entry.get("marker"))
        if marker is None or {"git", "path", "url"} & set(entry):
            return None
        name = canonicalize_name(str(entry.get("name", "")))
        if not entry.get("extras"):
            entries.append(Locked(name, str(entry.get("version", "")), _hashes(_list(entry.get("files"))), marker))
    return entries


def _uv(text: str) -> list[Locked] | None:
    """Of uv.lock: what the project and its groups reach, each with the conditions along the way."""
    packages = [_table(entry) for entry in _list(read_toml(text).get("package"))]
    names = [str(canonicalize_name(str(package.get("name", "")))) for package in packages]
    forked = frozenset(name for name in names if names.count(name) > 1)
    entries = {_key(name, package, forked): package for name, package in zip(names, packages, strict=True)}
    items = [
        key for key, entry in entries.items() if {"virtual", "editable", "directory"} & set(_table(entry.get("source")))
    ]
    if not items:
        return None
    edges = {key: _uv_edges(entry, forked, whole=key in items) for key, entry in entries.items()}
    for key, item in entries.items():
        for extra, needs in _table(item.get("optional-dependencies")).items():
            edges[f"{key}[{extra}]"] = _targets([_list(needs)], forked)
    pins: list[Locked] = []
    for key, ways in _conditions(items, edges).items():
        if key in items or "[" in key:
            continue
        entry = entries.get(key)
        if entry is None or "registry" not in _table(entry.get("source")):
            return None
        files = [*_list(entry.get("wheels")), *([entry["sdist"]] if "sdist" in entry else [])]
        pins.append(Locked(key.partition("==")[0], str(entry.get("version", "")), _hashes(files), _either(ways)))
    return pins


def _key(name: str, entry: Mapping[str, Any], forked: Collection[str]) -> str:
    """The key of an entry: its name, and its version if there are several."""
    return f"{name}=={entry.get('version', '')}" if name in forked else name


def _uv_edges(entry: Mapping[str, Any], forked: Collection[str], *, whole: bool) -> list[tuple[str, str]]:
    """What an entry needs; `whole` takes its extras and its groups for development too."""
    lists = [_list(entry.get("dependencies"))]
    for key in ("dev-dependencies", "optional-dependencies") if whole else ():
        lists += [_list(item) for item in _table(entry.get(key)).values()]
    return _targets(lists, forked)


def _targets(lists: Iterable[list[Any]], forked: Collection[str]) -> list[tuple[str, str]]:
    """The entries that are named, each with its marker; an extra counts as one of its own, `name[extra]`."""
    targets = []
    for table in (_table(item) for some in lists for item in some):
        key = _key(str(canonicalize_name(str(table.get("name", "")))), table, forked)
        marker = _marker(table.get("marker")) or ""
        targets.append((key, marker))
        targets.extend((f"{key}[{extra}]", marker) for extra in _list(table.get("extra")))
    return targets


def _conditions(roots: Iterable[str], edges: Mapping[str, list[tuple[str, str]]]) -> dict[str, set[frozenset[str]]]:
    """For each distribution the ways that lead to it, each a set of markers that must all hold."""
    ways: dict[str, set[frozenset[str]]] = {root: {frozenset()} for root in roots}
    waiting = list(ways)
    while waiting:
        name = waiting.pop()
        for target, marker in edges.get(name, []):
            reached = {way | {marker} if marker else way for way in ways[name]}
            known = ways.setdefault(target, set())
            merged = _shortest(known | reached)
            if merged != known:
                ways[target] = merged
                waiting.append(target)
    return ways


def _shortest(ways: set[frozenset[str]]) -> set[frozenset[str]]:
    """The ways without those that ask for more than another one does; no condition where there are too many."""
    kept = {way for way in ways if not any(other < way for other in ways)}
    return {frozenset()} if len(kept) > MOST_CONDITIONS else kept


def _either(ways: set[frozenset[str]]) -> str:
    """The marker that holds where one of the ways does."""
    if frozenset() in ways:
        return ""
    parts = [" and ".join(f"({text})" if " or " in text else text for text in sorted(way)) for way in ways]
    joined = " or ".join(f"({part})" if len(parts) > 1 else part for part in sorted(parts))
    return str(Marker(joined)) if joined else ""
