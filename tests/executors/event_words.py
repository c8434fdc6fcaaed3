"""An event in words, as the tables of the tests write it: `push main`, `merge_request topic changed src/a.py`."""

from __future__ import annotations

from pipeline_kit.descriptor.model import EventKind
from pipeline_kit.plan.model import Event


def event_of(words: str) -> Event:
    """The event: its kind, its branch, tag or schedule, and of a merge request `fork` and `changed PATH...`."""
    kind, name, *more = words.split()
    event_kind, changed = EventKind(kind), None
    if "changed" in more:
        changed, more = tuple(more[more.index("changed") + 1 :]), more[: more.index("changed")]
    if more not in ([], ["fork"]) or (event_kind is not EventKind.MERGE_REQUEST and (more or changed)):
        raise ValueError(f"no event: {words}")
    if event_kind is EventKind.TAG:
        return Event(event_kind, tag=name)
    if event_kind is EventKind.SCHEDULE:
        return Event(event_kind, branch="main", schedule=name)
    return Event(event_kind, branch=name, changed=changed, fork=bool(more))


def arguments_of(event: Event) -> list[str]:
    """The command line's options for an event."""
    named = {"branch": event.branch, "tag": event.tag, "schedule": event.schedule}
    options = [part for name, value in named.items() if value is not None for part in (f"--{name}", value)]
    changed = ["--changed", *event.changed] if event.changed else []
    return ["--event", event.kind.value, *options, *(["--fork"] if event.fork else []), *changed]
