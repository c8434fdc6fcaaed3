"""Prose has lines of at most 120 characters: a diff of it can be read."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
WIDEST = 120


def test_no_line_of_prose_is_wider_than_120_characters() -> None:
    """Code, tables and lines with a long word (an address) may be wider; the reference is generated."""
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
    wide = []
    for page in pages:
        if (ROOT / "docs" / "reference") in page.parents:
            continue
        fenced = False
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
            fenced ^= line.lstrip().startswith("```")
            long_word = any(len(word) > WIDEST // 2 for word in line.split())
            if len(line) > WIDEST and not (fenced or line.lstrip().startswith(("|", "<!--")) or long_word):
                wide.append(f"{page.relative_to(ROOT)}:{number}: {len(line)} characters")
    assert wide == []
