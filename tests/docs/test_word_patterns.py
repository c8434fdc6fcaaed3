"""The patterns of phrases that the text avoids: each hits its examples, and spares good English that resembles it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs import words
from tests.docs.words import ADVICE, offences, vague_targets

HITS = {
    "told|tell": ("as it was told", "this tells nothing"),
    "none)": ("there are none", "the rule is none of these"),
    ") no (": ("it is no manifest", "it was no `YAML`"),
    "stand|stands": ("what stands there", "it stood in the file"),
    "mend": ("a hint that mends it",),
    "keepers": ("a keeper ends it",),
    "somebody": ("somebody else", "Nobody reads it"),
    "whose it is": ("whose it is", "what is of the model"),
    "the way back": ("it was taken back", "take it back", "the way back"),
    "live": ("brings the release live",),
    "bills": ("a bill of materials",),
    "read|reads": ("reads them back",),
    "give|gives": ("it gave up",),
    "go|goes": ("the run goes on",),
    "a lie": ("it is a lie", "the store lied"),
    "hold|holds": ("held to the rule", "holds it against"),
    "outlook": ("the outlook", "two intents"),
    "guess": ("it guesses",),
    "settle": ("the settled values",),
    "sweep": ("a sweep", "swept"),
    "chains": ("a chain of environments",),
    "the words of": ("the words of the error", "in words"),
    "said": ("what was said",),
    "asked": ("it is asked",),
    "asks": ("asks the pod",),
    "what (": ("what the file is is none of it", "none of them is"),
    "for want of": ("for want of a lock", "thereby"),
    "sees? to": ("sees to it", "it is left alone"),
}
"""A part of one pattern alone, to phrases that this pattern must hit."""
SPARED = (
    "it is no longer used", "there are no more than two", "it was no later than noon", "a stand-in for it",
    "understand",
    "status is None", "intellect", "the recommended way", "go to the page", "live traffic", "a belief", "a guest",
    "taskset", "back up the store", "the threshold is held for 5 s", "unsaid",
)  # fmt: skip


def text_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, name: str = "page.md") -> list[str]:
    """The advice that a file with this text gets."""
    monkeypatch.setattr(words, "ROOT", tmp_path)
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return [offence.advice for offence in offences([path])]


def test_every_pattern_has_an_example() -> None:
    """A pattern that hits nothing would forbid nothing."""
    owners = {part: [pattern for pattern in ADVICE if part in pattern] for part in HITS}
    assert {part: len(patterns) for part, patterns in owners.items()} == dict.fromkeys(HITS, 1)
    assert {patterns[0] for patterns in owners.values()} == set(ADVICE)


@pytest.mark.parametrize("part", HITS)
def test_a_pattern_hits_its_examples(part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In capitals and over two lines too."""
    (advice,) = (advice for pattern, advice in ADVICE.items() if part in pattern)
    for phrase in HITS[part]:
        broken = phrase.replace(" ", "\n")
        assert advice in text_of(tmp_path, monkeypatch, f"So {phrase} now."), phrase
        assert advice in text_of(tmp_path, monkeypatch, f"So {broken} now."), broken


@pytest.mark.parametrize("phrase", SPARED)
def test_good_english_is_spared(phrase: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever resembles one of the phrases."""
    assert text_of(tmp_path, monkeypatch, f"So {phrase} now.") == []


def test_of_python_files_only_text_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Strings, docstrings and comments; a variable may be called as it likes, and is counted apart."""
    text = 'told = "fine"\nfor each in (1, 2):  # one by one\n    print(f"{each}")\n'
    assert text_of(tmp_path, monkeypatch, text, "module.py") == []
    assert list(vague_targets(tmp_path / "module.py")) == [(1, "told"), (2, "each")]
    assert len(text_of(tmp_path, monkeypatch, '"""As told."""\n# nobody\nx = "it is no lock"\n', "module.py")) == 3
