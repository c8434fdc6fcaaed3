"""The events that start each stage of a Jenkinsfile, in the sentences that GitLab's rules are described with.

A stage without a condition on events starts on what its needs start on: their outcome implies their conditions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set

from pipeline_kit.descriptor.model import EventKind
from pipeline_kit.render.event_words import INSIDE, KIND_WORDS, named_event
from pipeline_kit.render.words import SCHEDULE_VARIABLE
from pipeline_kit.servers.jenkins.groovy.syntax import Statement
from pipeline_kit.servers.jenkins.groovy.tree import body, shown, string_argument, strings_of, value_of

EVERYTHING = frozenset(KIND_WORDS.values())
MERGE_REQUESTS = KIND_WORDS[EventKind.MERGE_REQUEST]
NOT_A_FORK = "env.CHANGE_FORK == null"


def conditions_in(statements: Sequence[Statement]) -> Iterator[Statement]:
    """The conditions of a `when` that are not negated, those in `anyOf` and `allOf` included."""
    for statement in statements:
        if statement.name in ("anyOf", "allOf"):
            yield from conditions_in(body(statement) or ())
        elif statement.name != "not":
            yield statement


def excludes_tags(statements: Sequence[Statement]) -> bool:
    """Whether a `when` has `not { buildingTag() }`, at any depth."""
    return any(
        any(inner.name == "buildingTag" for inner in body(statement) or ())
        if statement.name == "not"
        else excludes_tags(body(statement) or ())
        for statement in statements
    )


def events_in(when: Sequence[Statement]) -> Iterator[str]:
    """Each event that a `when` names. A negated condition narrows another and is not an event."""
    conditions = list(conditions_in(when))
    if excludes_tags(when) and not any(condition.name == "branch" for condition in conditions):
        yield KIND_WORDS[EventKind.PUSH]
    for condition in conditions:
        if condition.name == "changeRequest":
            yield MERGE_REQUESTS
        elif condition.name == "triggeredBy" and first_string(condition) == "UserIdCause":
            yield KIND_WORDS[EventKind.MANUAL]
        elif condition.name == "buildingTag":
            yield KIND_WORDS[EventKind.TAG]
        elif condition.name == "expression":
            yield from schedules_in(condition)
        elif condition.name in ("branch", "tag"):
            kind = EventKind.PUSH if condition.name == "branch" else EventKind.TAG
            exactly = named_text(condition, "comparator") != "REGEXP"
            yield named_event(kind, first_string(condition), exactly=exactly)


def schedules_in(expression: Statement) -> Iterator[str]:
    """The schedule that an `expression` asks for."""
    for statement in body(expression) or ():
        if shown(statement).startswith(f"params.{SCHEDULE_VARIABLE}"):
            yield named_event(EventKind.SCHEDULE, first_string(statement), exactly=True)


def narrowed(starts: Set[str], when: Sequence[Statement]) -> set[str]:
    """The starts, with merge requests narrowed to the project's own or to changed paths as the `when` does."""
    conditions = list(conditions_in(when))
    paths = [first_string(condition) for condition in conditions if condition.name == "changeset"]
    expressions = [shown(inner) for entry in conditions if entry.name == "expression" for inner in body(entry) or ()]
    more = INSIDE if NOT_A_FORK in expressions else ""
    more += f" that change {', '.join(paths)}" if paths else ""
    return {start + more if start.startswith(MERGE_REQUESTS) else start for start in starts}


def all_starts(whens: Mapping[str, Sequence[Statement]], needs: Mapping[str, Set[str]]) -> dict[str, set[str]]:
    """The events of each stage, its needs' included; `whens` has each stage's `when`, needs before their dependents."""
    starts: dict[str, set[str]] = {}
    for name, when in whens.items():
        inherited: Set[str] = EVERYTHING
        for need in needs[name]:
            inherited = both(inherited, starts.get(need, EVERYTHING))
        own = set(events_in(when))
        if MERGE_REQUESTS in own:  # what narrows those of its needs narrows its own
            own = own - {MERGE_REQUESTS} | {event for event in inherited if event.startswith(MERGE_REQUESTS)}
        starts[name] = narrowed(own or inherited, when)
    return starts


def both(one: Set[str], other: Set[str]) -> set[str]:
    """The events that two sets share; of a kind and one event of that kind, the narrower."""
    return {a for a in one if any(within(a, b) for b in other)} | {b for b in other if any(within(b, a) for a in one)}


def within(part: str, whole: str) -> bool:
    """Whether one event includes another: `pushes to main` are pushes, `the schedule nightly` is a schedule."""
    return part == whole or part.startswith(f"{whole} ") or (whole == "schedules" and part.startswith("the schedule "))


def first_string(statement: Statement) -> str:
    """The value of the statement's first string; empty where it has no string."""
    return next((value_of(token) for token in strings_of(statement)), "")


def named_text(statement: Statement, key: str) -> str:
    """The string after `key:`; empty where it is missing."""
    token = string_argument(statement, key)
    return value_of(token) if token is not None else ""
