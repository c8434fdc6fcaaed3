"""What the linter says: rules, and findings by them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from pipeline_kit.suggest import nearest
from pipeline_kit.terminal import escaped

SHOWN_AT_MOST = 80
LISTED_AT_MOST = 12


class Level(Enum):
    """How bad a finding is: an error makes `lint` fail, a warning and a note do not."""

    ERROR = "error"  # the server refuses the file, or what is meant cannot happen
    WARNING = "warning"  # the server takes the file, and it means something else than it seems to
    NOTE = "note"  # worth knowing


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that the linter knows: its documentation and its findings come from here."""

    id: str
    level: Level
    what: str
    example: str
    fix: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: where, by which rule, what, and what to do about it. Lines and columns begin at 1."""

    line: int
    column: int
    rule: str
    message: str
    hint: str
    level: Level

    def text(self, file: str) -> str:
        """The finding as `lint` prints it."""
        return f"{file}:{self.line}:{self.column}: {self.level.value}: {self.message} [{self.rule}]\n    {self.hint}"


class Findings:
    """Collects findings while the checks run.

    The same one twice is one; with `once_a_place`, so are two by one rule at one place, as jobs that share a template
    make them.
    """

    def __init__(self, rules: Iterable[Rule], *, once_a_place: bool = False) -> None:
        self._rules = {rule.id: rule for rule in rules}
        self._found: dict[tuple[object, ...], Finding] = {}
        self._once_a_place = once_a_place
        self._nearest: dict[tuple[str, int], str | None] = {}

    def add(self, rule: str, line: int, column: int, message: str, hint: str | None = None) -> None:
        """Notes a finding; without a hint the rule's own advice is given."""
        known = self._rules[rule]
        text = readable(hint or known.fix)
        finding = Finding(line, column, rule, readable(message), text, known.level)
        self._found.setdefault((rule, line, column, "" if self._once_a_place else message), finding)

    def near(self, word: str, valid: Iterable[str], otherwise: str) -> str:
        """The advice for an unknown name: the nearest valid one, or `otherwise`."""
        names = tuple(valid)
        key = (word, hash(names))
        if key not in self._nearest:
            self._nearest[key] = nearest(word, names) if len(self._nearest) < 100 else None  # looking takes time
        near = self._nearest[key]
        return f"did you mean `{near}`?" if near else otherwise

    def __iter__(self) -> Iterator[Finding]:
        return iter(sorted(self._found.values(), key=lambda each: (each.line, each.column, each.rule, each.message)))

    def __len__(self) -> int:
        return len(self._found)


def readable(text: str) -> str:
    """The text on one line, without characters that a terminal would not show."""
    return escaped(" ".join(text.split()))


def word(text: str) -> str:
    """A name or value of the file as a message shows it."""
    flat = " ".join(text.split())
    return f"`{flat if len(flat) <= SHOWN_AT_MOST else flat[: SHOWN_AT_MOST - 3] + '...'}`"


def listed(names: Iterable[str]) -> str:
    """The names as a message lists them, cut where there are many."""
    every = list(names)
    return ", ".join(every[:LISTED_AT_MOST]) + (", ..." if len(every) > LISTED_AT_MOST else "")
