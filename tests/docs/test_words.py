"""The project's text is free of the phrases that `tests/docs/words.py` lists, but for a few that are good English."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tests.docs.words import ROOT, Offence, files, offences, vague_targets

EXCEPTIONS_AT_MOST = 60
VAGUE_AT_MOST = 60
"""Assignments to names such as `each`; in a short loop they may do."""


class Exempt(NamedTuple):
    """Text that a pattern hits by accident: every phrase in `excerpt`, which is a part of a line of the file."""

    path: str
    excerpt: str
    reason: str

    def covers(self, offence: Offence) -> bool:
        """Whether the offence is in the excerpt."""
        return offence.path == self.path and self.excerpt in offence.text and offence.phrase in self.excerpt


KEY = "a key of a document that other programs read"
JINJA = "Jinja's test for None"
EXEMPT: Sequence[Exempt] = (
    Exempt("docs/how-to/matrices.md", "sweep", "a parameter sweep, the field's word"),
    Exempt("docs/how-to/push.md", "team/swept", "the name of a repository in a recorded transcript"),
    Exempt("docs/server-semantics.md", "stand in for the servers", "a stand-in stands in"),
    Exempt("pipeline_kit/deploy/record.py", "taking back", KEY),
    Exempt("pipeline_kit/gates/evaluate.py", '"said"', KEY),
    Exempt("pipeline_kit/report/documents.py", '"said"', KEY),
    Exempt("templates/adopt/as_job.py.j2", "not in words", "a Python operator and a variable"),
    Exempt("templates/report/report.html.j2", "is none", JINJA),
)


def test_the_text_is_free_of_the_phrases() -> None:
    """`python -m tests.docs.words PATH...` lists those of a folder, with what to write instead."""
    left = [offence for offence in offences(files()) if not any(exempt.covers(offence) for exempt in EXEMPT)]
    assert not left, f"{len(left)} phrases:\n" + "\n".join(map(str, left))


def test_every_exception_is_still_used_and_has_a_reason() -> None:
    """They are few, and none outlives its text."""
    hits = list(offences(files()))
    unused = [exempt for exempt in EXEMPT if not any(exempt.covers(offence) for offence in hits)]
    assert unused == []
    assert all(exempt.reason for exempt in EXEMPT)
    assert len(EXEMPT) <= EXCEPTIONS_AT_MOST


def test_names_say_what_they_hold() -> None:
    """All but a small budget of assignments."""
    modules = [path for path in files() if path.suffix == ".py"]
    vague = [f"{path.relative_to(ROOT)}:{line}: {name}" for path in modules for line, name in vague_targets(path)]
    assert len(vague) <= VAGUE_AT_MOST, "\n".join(vague)


def test_an_exception_covers_its_own_phrase_alone() -> None:
    """Another phrase in the same line, or the same phrase in another file, still counts."""
    exempt = Exempt("docs/a.md", "a stand of trees", "trees")
    hit = Offence("docs/a.md", 1, "stand", "", "there was a stand of trees, I was told")
    assert exempt.covers(hit)
    assert not exempt.covers(hit._replace(phrase="told"))
    assert not exempt.covers(hit._replace(path="docs/b.md"))
    assert not exempt.covers(hit._replace(text="it does stand"))
