"""Lines of a CI file's scripts: which are a plain list of words, and which only a shell can read."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

MOST_LINES = 400
ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_META = set("|&;<>()$`*?{}\n\\")
_SAFE_VALUE = re.compile(r"[A-Za-z0-9_./=:,@+-]*")
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))")
_STATE = re.compile(r"\s*(?:cd|pushd|popd|set|source|\.|export|alias|ulimit|umask|if|for|while|until|case|function)\b")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a script: its text, its place, and its words if no shell is needed to read them."""

    text: str
    number: int
    words: tuple[str, ...] | None = None
    variables: tuple[tuple[str, str], ...] = ()

    @property
    def keeps_state(self) -> bool:
        """Whether what follows may depend on it: the folder, variables, a block that is open."""
        return _STATE.match(self.text) is not None


def read_lines(texts: Sequence[tuple[str, int]], variables: Mapping[str, str]) -> list[Line]:
    """The script's lines: continued ones joined, comments and blank ones gone, `a && b` of plain parts as two."""
    lines: list[Line] = []
    for text, number in texts:
        if _is_compound(text):
            lines.append(Line(text.strip("\n"), number))
            continue
        for offset, joined in _joined(text):
            lines.extend(_split(joined, number + offset, variables))
    return lines[:MOST_LINES]


def _is_compound(text: str) -> bool:
    """Whether the text holds a block or a here-document over several lines, which must stay together."""
    if "\n" not in text.strip():
        return False
    return bool(re.search(r"(?m)<<-?\s*['\"]?\w|^\s*(?:if|for|while|until|case|function)\b|\{\s*$|\)\s*\{", text))


def _joined(text: str) -> Iterator[tuple[int, str]]:
    """Logical lines with the number of lines before them."""
    pending, start = "", 0
    for number, line in enumerate(text.split("\n")):
        start = start if pending else number
        if line.rstrip().endswith("\\"):
            pending += line.rstrip()[:-1].rstrip() + " "
            continue
        pending += line.strip()
        if pending.strip() and not pending.lstrip().startswith("#"):
            yield start, pending.strip()
        pending = ""
    if pending.strip():
        yield start, pending.strip()


def _split(text: str, number: int, variables: Mapping[str, str]) -> Iterator[Line]:
    """One line, or the parts of a chain of `&&` where each is plain."""
    parts = [plain_words(part, variables) for part in text.split("&&")]
    if len(parts) > 1 and all(part for part in parts):
        for source, part in zip(text.split("&&"), parts, strict=True):
            yield _line(source.strip(), number, part or ())
        return
    words = plain_words(text, variables)
    yield Line(text, number) if words is None else _line(text, number, words)


def _line(text: str, number: int, words: Sequence[str]) -> Line:
    """A plain line, with the assignments before its command taken off."""
    assigned = []
    rest = list(words)
    while rest and (match := ASSIGNMENT.fullmatch(rest[0])):
        assigned.append((match.group(1), match.group(2)))
        rest.pop(0)
    return Line(text, number, tuple(rest), tuple(assigned))


def plain_words(text: str, variables: Mapping[str, str]) -> tuple[str, ...] | None:
    """The arguments of a line that means the same without a shell; None if it needs one."""
    text = _VARIABLE.sub(lambda found: _value(found, variables), text) if "'" not in text else text
    if _needs_shell(text):
        return None
    try:
        words = tuple(shlex.split(text, comments=True))
    except ValueError:
        return None
    if any(word.startswith("~") or word in ("!", "[", "[[") for word in words):
        return None
    return words


def _value(found: re.Match[str], variables: Mapping[str, str]) -> str:
    """The value of a variable, if it is known and plain; otherwise its own text."""
    value = variables.get(found.group(1) or found.group(2))
    return value if value is not None and _SAFE_VALUE.fullmatch(value) else found.group()


def _needs_shell(text: str) -> bool:
    """Whether a character outside quotes, or one that double quotes leave alive, is a shell's."""
    quote = ""
    for index, letter in enumerate(text):
        if quote:
            if letter == quote:
                quote = ""
            elif quote == '"' and letter in "$`\\":
                return True
        elif letter in "'\"":
            quote = letter
        elif letter == "#" and (index == 0 or text[index - 1].isspace()):
            return False  # a comment to the end
        elif letter in _META:
            return True
    return bool(quote)
