"""Which phrases the project's text avoids, and where they occur: `python -m tests.docs.words [PATH...]` lists them.

Text is what a person reads: Markdown, templates, stage.yml and server.yml whole; of Python files the strings,
docstrings and comments. Names of variables are counted apart, by `vague_targets`.
"""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (
    "pipeline_kit",
    "stages",
    "templates",
    "docs",
    "examples",
    "benchmarks",
    "smoke",
    "README.md",
    "CHANGELOG.md",
    "Makefile",
    "setup.cfg",
    ".ci",
)
KINDS = {".py", ".md", ".j2", ".yml", ".html", ".toml", ".cfg", ".sh", ""}

ADVICE: dict[str, str] = {
    r"\b(told|tell|tells|telling)\b": "reported, printed, shown; the error says; distinguishes",
    r"\b(is|are|was|were|be) (?-i:none)\b": "is not a, is missing, None, an empty list",
    r"\b(is|are|was|were) no (?!longer\b|(more|less|later|earlier) than\b)[a-z`{]": "is not a, is missing; no X found",
    r"\b(stand|stands|stood|standing)\b(?!-)": "is, is written, is declared, represents",
    r"\bmend(s|ed|ing)?\b": "fix, repair",
    r"\bkeepers?\b": "supervisor",
    r"\b(somebody|nobody|anybody)\b": "another process, no job, the caller",
    r"\bwhose it is\b|\bof whose\b|\bis of the model\b": "belongs to, was built from, was computed for",
    r"\b(take|takes|took|taken|taking) (it )?back\b|\bthe way back\b": "roll back, rollback",
    r"\b(bring|brings|brought|bringing) (\w+ ){0,3}live\b": "makes live, activates",
    r"\bbills? of materials\b": "SBOM",
    r"\b(read|reads|reading) (\w+ )?back\b": "re-read",
    r"\b(give|gives|gave|given|giving) up\b": "abandoned, timed out",
    r"\b(go|goes|went|gone|going) on\b": "continues, resumes",
    r"\b(a lie|lies|lied|lying)\b": "wrong data, corrupt; is, is kept",
    r"\b(hold|holds|held|holding) (it |them )?(to|against)\b": "checked against, must satisfy",
    r"\b(outlook|intents?)\b": "diff, dry run; release request",
    r"\b(guess|guesses|guessed|guessing)\b": "heuristic, suggestion",
    r"\bsettled?\b": "effective, resolved",
    r"\bsweeps?\b|\bswept\b|\bsweeping\b": "garbage collection, cleanup",
    r"\bchains? of environments\b|\benvironment chain\b": "promotion path",
    r"\bthe words of\b|\bin words\b": "message, description",
    r"\bsaid\b": "declared, configured, reported",
    r"\b(is|are|was|were|be|been|being) asked\b": "queried, checked",
    r"\basks? (a|the) (pod|server|cluster|registry|engine)\b": "queries, checks",
    r"\bwhat (\w+ ){0,4}is none of\b|\bnone of them is\b": "say which are",
    r"\bfor want of\b|\bwherewith\b|\bwhereof\b|\bthereof\b|\bthereby\b|\bthence\b": "plain English",
    r"\bsees? to (it|them)\b|\bleft alone\b": "ensures; unchanged",
}
"""A pattern to what one writes instead."""

VAGUE = ("each", "found", "told", "wanted", "own", "said")
"""Names that say nothing of what they hold."""


class Offence(NamedTuple):
    path: str
    line: int
    phrase: str
    advice: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.phrase!r} (rather: {self.advice}): {self.text}"


def files(arguments: Iterable[str] = FOLDERS) -> Iterator[Path]:
    """The files of the repository that hold text for people, below any of the given paths."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *arguments],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if path.is_file() and path.suffix in KINDS and path.name != "words.py":
            yield path


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """Pieces of text with the lines on which they begin."""
    content = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        yield 1, content
        return
    for token in tokenize.generate_tokens(io.StringIO(content).readline):
        if token.type in (tokenize.STRING, tokenize.COMMENT):
            yield token.start[0], token.string


def offences(paths: Iterable[Path]) -> Iterator[Offence]:
    """Every phrase that is avoided, in the order of files and lines; it may be broken over two lines."""
    patterns = [
        (re.compile(pattern.replace(" ", r"[\s#]+"), re.IGNORECASE), advice) for pattern, advice in ADVICE.items()
    ]
    for path in paths:
        name = str(path.relative_to(ROOT))
        for line, text in prose(path):
            for pattern, advice in patterns:
                for match in pattern.finditer(text):
                    number = text.count("\n", 0, match.start())
                    yield Offence(name, line + number, match.group(), advice, text.splitlines()[number].strip())


def vague_targets(path: Path) -> Iterator[tuple[int, str]]:
    """Assignments and loops in a Python file whose target is a name that says nothing, with their lines."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in VAGUE:
            yield node.lineno, node.id


if __name__ == "__main__":
    chosen = list(files(sys.argv[1:] or FOLDERS))
    every = list(offences(chosen))
    print(*every, sep="\n")
    vague = [
        f"{path.relative_to(ROOT)}:{line}: the name {name!r}"
        for path in chosen
        if path.suffix == ".py"
        for line, name in vague_targets(path)
    ]
    print(*vague, sep="\n")
    print(f"{len(every)} phrases, {len(vague)} names")
