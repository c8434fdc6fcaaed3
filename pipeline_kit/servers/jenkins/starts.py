"""What the stages of a Jenkinsfile start on, described like GitLab's rules.

A stage without a condition on events starts on what its needs start on: their outcome implies their conditions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set

from pipeline_kit.descriptor.model import EventKind
from pipeline_kit.render.words import KIND_WORDS, SCHEDULE_VARIABLE

EVERYTHING = frozenset(KIND_WORDS.values())
MERGE_REQUESTS = KIND_WORDS[EventKind.MERGE_REQUEST]
INSIDE = " from the project itself"
NAMED = re.compile(r"(branch|tag) pattern: '(.*)', comparator: '(EQUALS|REGEXP)'")
SCHEDULED = re.compile(rf"expression \{{ params\.{SCHEDULE_VARIABLE}(?: == '(.*)')? \}}")
CHANGED = re.compile(r"changeset '(.*)'")


def conditions_of(block: str) -> list[str]:
    """The lines of a stage's `when`, without their indentation; none where it has no such section."""
    match = re.search(r"(?m)^( *)when \{\n((?:.*\n)*?)\1\}", block)
    return [line.strip() for line in match[2].splitlines()] if match else []


def own_starts(block: str) -> set[str]:
    """What a stage's own conditions start it on; empty where they say nothing of events."""
    return set(events_in(conditions_of(block)))


def events_in(lines: list[str]) -> Iterator[str]:
    """Each event that a list of conditions names, as text. A negated condition narrows another and is not an event."""
    if "not { buildingTag() }" in lines and not any(line.startswith("branch ") for line in lines):
        yield KIND_WORDS[EventKind.PUSH]
    for line in lines:
        if line == "changeRequest()":
            yield MERGE_REQUESTS
        elif line == "triggeredBy 'UserIdCause'":
            yield KIND_WORDS[EventKind.MANUAL]
        elif line == "buildingTag()":
            yield KIND_WORDS[EventKind.TAG]
        elif scheduled := SCHEDULED.fullmatch(line):
            yield f"the schedule {text_of(scheduled[1])}" if scheduled[1] else KIND_WORDS[EventKind.SCHEDULE]
        elif named := NAMED.fullmatch(line):
            kind = "pushes to" if named[1] == "branch" else "tags"
            yield f"{kind} {'like ' if named[3] == 'REGEXP' else ''}{text_of(named[2])}"


def narrowed(starts: Set[str], block: str) -> set[str]:
    """The starts as the stage's other conditions narrow merge requests: to the project's own, to changed paths."""
    lines = conditions_of(block)
    changed = [text_of(match[1]) for line in lines if (match := CHANGED.fullmatch(line))]
    more = INSIDE if "expression { env.CHANGE_FORK == null }" in lines else ""
    more += f" that change {', '.join(changed)}" if changed else ""
    return {start + more if start.startswith(MERGE_REQUESTS) else start for start in starts}


def all_starts(blocks: Mapping[str, str], needs: Mapping[str, Set[str]]) -> dict[str, set[str]]:
    """What each stage starts on, those of its needs included; stages come after their needs."""
    result: dict[str, set[str]] = {}
    for name, block in blocks.items():
        inherited: Set[str] = EVERYTHING
        for need in needs[name]:
            inherited = both(inherited, result.get(need, EVERYTHING))
        result[name] = narrowed(own_starts(block) or inherited, block)
    return result


def both(one: Set[str], other: Set[str]) -> set[str]:
    """What two lists of events have in common: of a kind and a part of it, the part."""
    return {a for a in one if any(within(a, b) for b in other)} | {b for b in other if any(within(b, a) for a in one)}


def within(part: str, whole: str) -> bool:
    """Whether the described events are covered by others: `pushes to main` are pushes, schedules are schedules."""
    return part == whole or part.startswith(f"{whole} ") or (whole == "schedules" and part.startswith("the schedule "))


def text_of(quoted: str) -> str:
    """What a Groovy string between single quotes says."""
    return re.sub(r"\\(.)", r"\1", quoted)
