"""Problems of a descriptor: each with its place and the next step, all reported at once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from pipeline_kit.descriptor.model import Position
from pipeline_kit.errors import UsageError
from pipeline_kit.frozen import frozen
from pipeline_kit.suggest import MOST_LISTED, nearest
from pipeline_kit.terminal import escaped

REPORTED_AT_MOST = 100
SHOWN_AT_MOST = 60


@frozen
class Problem:
    """One thing that is wrong: where, what, and what to do about it."""

    position: Position
    message: str
    hint: str | None = None

    def __str__(self) -> str:
        return f"{self.position}: {self.message}" + (f"\n    {self.hint}" if self.hint else "")


class DescriptorError(UsageError):
    """A descriptor that cannot be used (exit code 2); `problems` has every reason, in the order of the files."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(dict.fromkeys(problems), key=lambda each: (each.position, each.message)))
        messages = [str(problem) for problem in self.problems[:REPORTED_AT_MOST]]
        if len(self.problems) > REPORTED_AT_MOST:
            messages.append(f"and {len(self.problems) - REPORTED_AT_MOST} more")
        super().__init__("\n".join(messages))


class Problems:
    """Collects problems while the checks run; `stop` raises them, if there are any."""

    def __init__(self) -> None:
        self._found: list[Problem] = []

    def add(self, position: Position, message: str, hint: str | None = None) -> None:
        """Notes a problem; names in it may be the file's own, so they are cut and escaped where they must be."""
        self._found.append(Problem(position, _readable(message), _readable(hint) if hint else None))

    def __len__(self) -> int:
        return len(self._found)

    def __iter__(self) -> Iterator[Problem]:
        return iter(self._found)

    def choice_hint(self, word: str, valid: Iterable[str], what: str) -> str:
        """The next step for an unknown name: the nearest valid one, and which there are.

        The search costs time, so it ends when further problems are no longer reported.
        """
        names = list(valid)
        if not names:
            return f"`{what}` is empty: declare it there"
        near = nearest(word, names) if len(self) < REPORTED_AT_MOST else None
        listed = ", ".join(names[:MOST_LISTED]) + (", ..." if len(names) > MOST_LISTED else "")
        return f"did you mean `{near}`? {what}: {listed}" if near else f"{what}: {listed}"

    def stop(self) -> None:
        """Raises DescriptorError with every problem so far; does nothing without problems."""
        if self._found:
            raise DescriptorError(self._found)


def shown(value: object) -> str:
    """A value as a message shows it: JSON on one line, cut where it is long, odd characters escaped."""
    text = re.sub(r"//[^/@\s]+@", "//***@", json.dumps(value, ensure_ascii=False))  # a password in an address
    if not text.isprintable():
        text = json.dumps(value)
    return text if len(text) <= SHOWN_AT_MOST else text[: SHOWN_AT_MOST - 4] + '..."'


def _readable(text: str) -> str:
    """A message without endless words, and without characters that a terminal would not show."""
    text = re.sub(r"\S{100,}", lambda match: f"{match[0][:SHOWN_AT_MOST]}...", text)
    return escaped(text)
