"""Reads `stage.yml` and `server.yml`: plain values only, as every YAML reader understands them.

It goes from PyYAML's events to values itself: each start of the kit reads a dozen of these files, and PyYAML's own
constructor takes most of the time of that.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from pipeline_kit.errors import UsageError
from pipeline_kit.yaml.reader import LOADER
from pipeline_kit.yaml.scalar import Refusal, resolve


def read_plain_yaml(path: Path, content: bytes) -> dict[str, Any]:
    """The mapping in a file; `path` is for messages.

    Raises UsageError naming file and line for what is not YAML or not a mapping, and for anchors, aliases, tags, keys
    that are given twice, and scalars that some YAML readers take for something else (`yes`, `010`, a date).
    """
    events = yaml.parse(content, Loader=LOADER)
    try:
        next(events), next(events)  # the stream and its document begin
        document = _value(path, next(events), events)
        next(events)  # the document ends
        if type(event := next(events)) is not yaml.StreamEndEvent:
            raise UsageError(f"{_place(path, event)}: a second document begins", hint="one file holds one document")
    except yaml.YAMLError as error:
        raise UsageError(f"{path}: not YAML: {error}") from error
    except (StopIteration, RecursionError) as error:
        raise UsageError(f"{path}: is empty, or nested too deeply") from error
    if not isinstance(document, dict):
        raise UsageError(f"{path}: is not a mapping")
    return document


def _value(path: Path, event: Any, events: Iterator[Any]) -> Any:
    """The value that begins with an event."""
    kind = type(event)
    if kind is yaml.ScalarEvent:
        if not event.implicit[0] or event.anchor:
            return _quoted(path, event)
        value = resolve(event.value)
        if isinstance(value, Refusal):
            raise UsageError(f"{_place(path, event)}: {value.reason}", hint=value.hint)
        return value
    if kind is yaml.AliasEvent or event.anchor or event.tag:
        raise UsageError(f"{_place(path, event)}: anchors, aliases and tags are not read", hint="write the value out")
    if kind is yaml.SequenceStartEvent:
        items = []
        while type(event := next(events)) is not yaml.SequenceEndEvent:
            items.append(_value(path, event, events))
        return items
    entries: dict[str, Any] = {}
    while type(event := next(events)) is not yaml.MappingEndEvent:
        key = event.value if type(event) is yaml.ScalarEvent else None
        if key is None or key in entries:
            raise UsageError(f"{_place(path, event)}: a key is not text, or is given twice", hint="name each key once")
        entries[key] = _value(path, next(events), events)
    return entries


def _quoted(path: Path, event: Any) -> str:
    """The text of a scalar in quotes or a block."""
    if event.anchor or event.tag:
        raise UsageError(f"{_place(path, event)}: anchors, aliases and tags are not read", hint="write the value out")
    return str(event.value)


def _place(path: Path, event: Any) -> str:
    return f"{path}:{event.start_mark.line + 1}"
