"""Cron expressions that all CI servers read alike."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum

FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day of the month", 1, 31), ("month", 1, 12), ("day of the week", 0, 7))
JOINED_BY = {"either": "by or", "both": "by and"}
LONGEST_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

_PART = re.compile(r"(\*|(\d{1,2})(-(\d{1,2}))?)(/(\d{1,2}))?")


class CronDays(Enum):
    """When a schedule that restricts both the day of the month and the day of the week starts."""

    EITHER = "either"
    BOTH = "both"


def cron_complaint(text: str, dialects: Mapping[str, CronDays | None] | None = None) -> tuple[str, str] | None:
    """What is wrong with a cron expression and what to do, or None.

    `dialects` has by server what it makes of both days restricted: refused where two servers differ in that.
    """
    fields = text.split()
    if len(fields) != len(FIELDS):
        hint = 'minute, hour, day of the month, month, day of the week: "0 2 * * *" is every night at two'
        return f"has {len(fields)} fields, and cron has five", hint
    chosen = []
    for field, (name, low, high) in zip(fields, FIELDS, strict=True):
        values = _values(field, low, high)
        if values is None:
            hint = f"a number from {low} to {high}, a range a-b, a list a,b, `*` or `*/n`"
            return f"has a {name} that the servers do not know: {field}", hint
        chosen.append(values)
    meanings = {title: days.value for title, days in (dialects or {}).items() if days is not None}
    if fields[2] != "*" and fields[4] != "*" and len(set(meanings.values())) > 1:
        hint = "restrict one of them, or make two schedules"
        joined = ", ".join(f"{title} {JOINED_BY[days]}" for title, days in meanings.items())
        return f"restricts the day of the month and of the week, which {joined.replace(' by', ' joins by', 1)}", hint
    if not any(day <= LONGEST_MONTHS[month - 1] for day in chosen[2] for month in chosen[3]):
        return "never comes: no such day is in that month", "see the third and fourth field"
    return None


def _values(field: str, low: int, high: int) -> set[int] | None:
    """The numbers that a field matches, or None if it is not a field."""
    values: set[int] = set()
    for part in field.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            return None
        first = int(match[2]) if match[2] else low
        last = int(match[4]) if match[4] else (first if match[2] else high)
        step = int(match[6]) if match[6] else 1
        a_step_of_one_number = match[5] and match[2] and not match[3]
        if not low <= first <= last <= high or not 1 <= step <= high or a_step_of_one_number:
            return None
        values.update(range(first, last + 1, step))
    return values
