"""JSON that something else wrote (an earlier job, a repository, another machine): bounded, strict, read by grammar."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from pipeline_kit.errors import DataError
from pipeline_kit.frozen import frozen

MOST_BYTES = 64 * 1024 * 1024
MOST_LEVELS = 64
"""Levels of lists and objects inside each other; what is deeper could not be written again."""
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
IDENTIFIER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}")
"""The name of a job, a stage, an output or a kind: one part of a path, which leads nowhere else."""
LONGEST_PATH = 4096


def parse_json(content: bytes, name: str) -> Any:
    """The value of a JSON document. Raises DataError, with the document's name, where it is not strict JSON.

    Refused are doubled keys, NaN and infinity, text that is not Unicode, and documents that are too large or too deep.
    """
    if len(content) > MOST_BYTES:
        raise DataError(f"{name} has more than {MOST_BYTES >> 20} MiB", hint="run its job again")

    def refuse(constant: str) -> NoReturn:
        raise ValueError(f"{constant} is not JSON")

    try:
        value = json.loads(content.decode("utf-8"), object_pairs_hook=once, parse_constant=refuse)
        check(value)
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise DataError(f"{name} is damaged: {reason}", hint="run its job again") from error
    return value


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys are all different. Raises ValueError for a doubled one."""
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("it has a key twice")
    return value


def check(value: Any) -> None:
    """Raises ValueError for a value that is too deep, or holds a number or a text that cannot be written again."""
    level = [value]
    for _ in range(MOST_LEVELS):
        deeper: list[Any] = []
        for item in level:
            if isinstance(item, Mapping):
                deeper.extend(item.keys())
                deeper.extend(item.values())
            elif isinstance(item, list):
                deeper.extend(item)
            elif isinstance(item, str):
                if not item.isascii():
                    item.encode("utf-8")
            elif isinstance(item, float) and not math.isfinite(item):
                raise ValueError("a number is too large")
        if not deeper:
            return
        level = deeper
    raise ValueError("it is nested too deeply")


@frozen
class Fields:
    """An object of a document, read field by field; each method raises DataError for a value of another form."""

    values: Mapping[str, Any]
    name: str

    @classmethod
    def of(cls, value: Any, name: str) -> Fields:
        """The fields of a value, which must be an object."""
        if not isinstance(value, dict):
            raise DataError(f"{name} is damaged: it is not an object", hint="run its job again")
        return cls(value, name)

    def wrong(self, key: str, expected: str) -> DataError:
        """The error for a field."""
        return DataError(f"{self.name} is damaged: {key} is not {expected}", hint="run its job again")

    def text(self, key: str, pattern: re.Pattern[str] | None = None, expected: str = "text") -> str:
        """A text that matches the pattern as a whole."""
        value = self.values.get(key)
        if not isinstance(value, str) or not (pattern is None or pattern.fullmatch(value)):
            raise self.wrong(key, expected)
        return value

    def optional(self, key: str, pattern: re.Pattern[str] | None = None, expected: str = "text") -> str | None:
        """A text, or None where the document says null."""
        return self.text(key, pattern, expected) if self.values.get(key, "") is not None else None

    def number(self, key: str) -> float:
        """A number that is not negative."""
        value = self.values.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise self.wrong(key, "a number from 0")
        return value

    def count(self, key: str) -> int:
        """A whole number that is not negative."""
        value = self.number(key)
        if not isinstance(value, int):
            raise self.wrong(key, "a whole number")
        return value

    def flag(self, key: str) -> bool:
        """True or false."""
        value = self.values.get(key)
        if not isinstance(value, bool):
            raise self.wrong(key, "true or false")
        return value

    def mapping(self, key: str) -> Fields:
        """An object."""
        value = self.values.get(key)
        if not isinstance(value, dict):
            raise self.wrong(key, "an object")
        return Fields(value, f"{self.name}: {key}")

    def path(self, key: str) -> str:
        """A plain relative path: no part of it is empty, `.` or `..`, and it has no control characters."""
        value = self.text(key)
        if not is_plain_path(value):
            raise self.wrong(key, "a plain relative path")
        return value


def is_plain_path(text: str) -> bool:
    """Whether a text is a relative path in which every part is a name."""
    parts = text.split("/")
    return (
        0 < len(text) <= LONGEST_PATH
        and text.isprintable()
        and "\\" not in text
        and all(part not in ("", ".", "..") for part in parts)
    )
