"""Whatever the bytes are: findings or a reason, never a traceback, and soon."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from pipeline_kit.servers.lint import UnreadableError, check_file
from tests.drill import rounds
from tests.lint.cases import BROKEN, GITLAB, JENKINS, RENDERED, VALID
from tests.lint.test_broken import broken_file
from tests.watchdog import ends

ROUNDS = rounds(6000)
PIECES = [
    b"{", b"}", b"[", b"]", b"'", b'"', b"${", b"*a", b"&a ", b"<<: ", b"!reference ", b"- ",
    b": ", b"\t", b"\n", b"/*",
    b"'''", b"$/", b"null", b"-> ", b"\\", b"\r", b"%", b"@", b"|", b">", b"? ", b"\xff", b"\x00",
    "\u2028".encode(), b"---\n",
]  # fmt: skip


def mutated(content: bytes, chance: random.Random, places: int = 5) -> bytes:
    """The content with one to so many places changed."""
    text = bytearray(content[:6000])
    for _ in range(chance.randint(1, places)):
        at, kind = chance.randrange(len(text) + 1), chance.randrange(5)
        if kind == 0:
            del text[at : at + chance.randrange(1, 40)]
        elif kind == 1:
            text[at:at] = chance.choice(PIECES)
        elif kind == 2:
            text[at : at + 1] = bytes([chance.randrange(256)])
        elif kind == 3:
            start = chance.randrange(len(text) + 1)
            text[at:at] = text[start : start + chance.randrange(80)]
        else:
            lines = bytes(text).split(b"\n")
            lines.insert(chance.randrange(len(lines)), lines.pop(chance.randrange(len(lines))))
            text = bytearray(b"\n".join(lines))
    return bytes(text)


def lint_quietly(name: str, content: bytes) -> int:
    """How many findings there are, or 0 where the content is no text."""
    try:
        found = check_file(name, content)
    except UnreadableError as error:
        assert str(error)
        return 0
    assert all(each.line >= 1 and each.column >= 1 and each.message and each.hint for each in found)
    assert all(each.text(name).isprintable() or "\n" in each.text(name) for each in found)
    return len(found)


@pytest.mark.drill
def test_mutated_files_never_break_the_linter(count: Callable[[str, int], None]) -> None:
    """Every file of the corpus, a few bytes changed, many times over; the seed is fixed."""
    chance = random.Random(20261122)
    sources = [(GITLAB if path.suffix == ".yml" else JENKINS, path) for path in [*VALID, *RENDERED]]
    sources += [(file.name, file) for file in map(broken_file, BROKEN)]
    contents = [(name, path.read_bytes()) for name, path in sources]
    findings = 0
    for _ in range(ROUNDS):
        name, content = chance.choice(contents)
        findings += lint_quietly(name, mutated(content, chance))
    assert findings
    count("mutated files linted without a traceback", ROUNDS)


@pytest.mark.parametrize("name", [GITLAB, JENKINS])
def test_random_bytes_never_break_the_linter(name: str) -> None:
    """Bytes, and characters of the two languages in any order."""
    chance = random.Random(7)
    for _ in range(300):
        lint_quietly(name, chance.randbytes(chance.randrange(200)))
        lint_quietly(name, b"".join(chance.choice([*PIECES, b"a", b"stages", b" ", b"pipeline {"]) for _ in range(60)))


BOMBS = {
    "brackets": (GITLAB, b"[" * 100_000),
    "aliases": (
        GITLAB,
        b"x: {a: &a0 [1]}\n"
        + b"".join(b".b%d: &a%d [%s]\n" % (i, i, b",".join([b"*a%d" % (i - 1)] * 9)) for i in range(1, 15))
        + b"j: {script: *a14, rules: *a14, tags: *a14, needs: *a14, extends: *a14, parallel: {matrix: *a14}}",
    ),
    "mappings of mappings": (
        GITLAB,
        b".m0: &m0 {a: {b: 1}}\n"
        + b"".join(b".m%d: &m%d {x: *m%d, y: *m%d}\n" % (i, i, i - 1, i - 1) for i in range(1, 40))
        + b"j: {extends: [.m39, .m38], script: a}\nk: {extends: j}",
    ),
    "a chain of jobs": (
        GITLAB,
        b"".join(b"j%d: {extends: j%d, script: a, needs: [j%d]}\n" % (i, i + 1, i + 1) for i in range(1500)),
    ),
    "names that resemble none": (
        GITLAB,
        b"".join(b"j%d: {script: a, needs: [x%d], b%d: 1}\n" % (i, i, i) for i in range(1000)),
    ),
    "references in circles": (
        GITLAB,
        b"a: {script: [!reference [a, script]], rules: !reference [b, rules]}\n"
        b"b: {rules: !reference [a, rules], script: b}\nc: !reference [c, c]\n",
    ),
    "braces": (JENKINS, b"pipeline {" * 10_000),
    "interpolations": (JENKINS, b'"${' * 10_000),
    "stages": (JENKINS, b"pipeline { agent any; stages { " + b"stage('a') { stages { " * 45 + b"}" * 92),
    "slashes": (JENKINS, b"= $/ = /a\\" * 10_000),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_does_not_go_off(name: str) -> None:
    """Small files that would become large ones, or endless loops, end soon."""
    with ends():
        lint_quietly(*BOMBS[name])
