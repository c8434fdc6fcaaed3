"""A command line of pytest as the settings of the stage test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline_kit.adopt.read.tree import Tree
from pipeline_kit.contract.wording import word_set

_TAKES_VALUE = word_set(
    "-m -k -o -c -p -W -n --numprocesses --maxfail --durations --deselect --ignore --timeout --dist --tb "
    "--rootdir --log-level --import-mode --confcutdir --override-ini --junitxml --junit-xml --cov-report "
    "--cov-config --cov-fail-under --cov --html"
)
_KITS_OWN = (
    "--junitxml",
    "--junit-xml",
    "--cov-report",
    "--rootdir",
    "--confcutdir",
    "--html",
    "--alluredir",
    "--cov-append",
)
_QUIET = word_set("-v -vv -s -q -x -ra -rA --verbose --self-contained-html -vvv --color=yes")


@dataclass(frozen=True, slots=True)
class TestSettings:
    """A call of pytest as settings of the stage test."""

    paths: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    coverage: float | None = None


def read_pytest(words: Sequence[str], tree: Tree) -> TestSettings:
    """The settings; what the kit passes itself, such as the place of the JUnit report, is left out."""
    paths: list[str] = []
    arguments: list[str] = []
    source: list[str] = []
    coverage: float | None = None
    for option, value in _pairs(words[1:]):
        if option is None:
            place = value.rstrip("/")
            (paths if tree.has(place) or tree.has_folder(place) else arguments).append(place if place else value)
        elif option == "--cov":
            source.extend([value] if value and value != "." else [])
        elif option == "--cov-fail-under":
            coverage = _share(value)
        elif option not in _KITS_OWN and option not in _QUIET:
            arguments.extend([option, value] if value else [option])
    return TestSettings(tuple(dict.fromkeys(paths)), tuple(arguments), tuple(dict.fromkeys(source)), coverage)


def _pairs(words: Sequence[str]) -> list[tuple[str | None, str]]:
    """Options with their values, and the other words, in order."""
    result: list[tuple[str | None, str]] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        name, sign, value = word.partition("=")
        if not word.startswith("-"):
            result.append((None, word))
        elif word.startswith("--") and sign:
            result.append((name, value))
        elif word in _TAKES_VALUE and rest and not (word == "--cov" and rest[0].startswith("-")):
            result.append((word, rest.pop(0)))
        else:
            result.append((word, ""))
    return result


def _share(text: str) -> float | None:
    """A percentage as a share, or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return round(value / 100, 4) if 0 <= value <= 100 else None
