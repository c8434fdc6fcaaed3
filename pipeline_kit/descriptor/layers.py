"""The files a descriptor is made of, merged: the organisation's below, the repository's above.

Mappings merge, whatever else is replaced. Every value keeps the place it came from, so the merged tree answers
where each one was set.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from pipeline_kit.descriptor.model import Position
from pipeline_kit.descriptor.problem import Problems
from pipeline_kit.descriptor.sections import LOCKED, root_keys
from pipeline_kit.descriptor.tree import Entry, MapNode, Node, ScalarNode, words
from pipeline_kit.descriptor.values import Reader

Path = tuple[str, ...]


def merge(lower: MapNode, upper: MapNode) -> MapNode:
    """Both mappings as one: where both have a key, mappings merge, and else the upper one's value stays."""
    entries: dict[str, Entry] = {}
    for key in _order(lower.entries, upper.entries):
        above, below = upper.entries.get(key), lower.entries.get(key)
        if above and below and isinstance(above.node, MapNode) and isinstance(below.node, MapNode):
            entries[key] = Entry(above.position, merge(below.node, above.node))
        elif entry := above or below:
            entries[key] = entry
    return MapNode(upper.position, entries)


def _order(lower: Mapping[str, Entry], upper: Mapping[str, Entry]) -> list[str]:
    """The keys of both: the lower layer's order, the upper's where it differs, new keys before what they precede."""
    shared = iter([key for key in upper if key in lower])
    ordered = [next(shared) if key in upper else key for key in lower]
    before: dict[str, list[str]] = {}
    pending: list[str] = []
    for key in upper:
        if key in lower:
            before[key], pending = pending, []
        else:
            pending.append(key)
    return [entry for key in ordered for entry in (*before.get(key, ()), key)] + pending


def normal(root: MapNode) -> MapNode:
    """The root with `kit: VERSION` written out as `kit: {version: VERSION}`, so that layers merge in it."""
    entry = root.entries.get("kit")
    if entry is None or not isinstance(entry.node, ScalarNode) or entry.node.value is None:
        return root
    kit = MapNode(entry.node.position, {"version": Entry(entry.position, entry.node)})
    return replace(root, entries={**root.entries, "kit": Entry(entry.position, kit)})


def locks(organisation: MapNode, problems: Problems) -> dict[Path, Position]:
    """The locked paths of the organisation's file, with the place of each lock."""
    node = organisation.get("locked")
    if node is None:
        return {}
    Reader(problems).value(node, LOCKED, "locked")
    lockable = [root_key.name for root_key in root_keys(()) if root_key.name not in ("version", "organisation")]
    result: dict[Path, Position] = {}
    for text, position in words(node):
        path = tuple(text.split("."))
        if path[0] in lockable:
            result[path] = position
        else:
            hint = problems.choice_hint(path[0], lockable, "keys")
            problems.add(position, f"locked: unknown key `{path[0]}`", hint)
    return result


def check_locks(repository: MapNode, locked: dict[Path, Position], problems: Problems) -> None:
    """Reports every key of the repository's file that the organisation has locked.

    What an environment changes in a job counts as the job's own: a lock holds there as well. So does it against a
    value that would replace the whole mapping of a locked key.
    """
    above = {lock[:length]: place for lock, place in locked.items() for length in range(1, len(lock))}
    for path, entry in _paths(repository):
        of_job = path[0] == "environments" and path[2:3] == ("jobs",) and len(path) > 3
        for item in (path, ("jobs", *path[3:])) if of_job else (path,):
            place = locked.get(item) or (above.get(item) if not isinstance(entry.node, MapNode) else None)
            if place:
                message = f"{'.'.join(path)} is locked by the organisation"
                problems.add(entry.position, message, f"remove it; the lock is at {place}")


def _paths(node: Node, path: Path = ()) -> Iterator[tuple[Path, Entry]]:
    """Every key of the tree with its path."""
    if isinstance(node, MapNode):
        for key, entry in node.entries.items():
            yield (*path, key), entry
            yield from _paths(entry.node, (*path, key))


def without(root: MapNode, *keys: str) -> MapNode:
    """The mapping without some of its keys."""
    return replace(root, entries={key: entry for key, entry in root.entries.items() if key not in keys})
