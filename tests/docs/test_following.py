"""The follower of pages itself: what it reads, what it takes for equal, and what it does not let pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.follow import follow, matches, new_reader, revised, update
from tests.docs.pages import changed, commands_of, steps_of


def write(folder: Path, text: str) -> Path:
    """A page."""
    page = folder / "page.md"
    page.write_text(text, encoding="utf-8")
    return page


def test_a_mark_belongs_to_the_block_that_follows_it(tmp_path: Path) -> None:
    """Blocks in lists are indented; a mark is used once."""
    page = write(tmp_path, "<!-- file: a/b.txt -->\n\n  ```text\n  one\n    two\n  ```\n\n```console\n$ ls\n```\n")
    first, second = steps_of(page)
    assert (first.what, first.value, first.text) == ("file", "a/b.txt", "one\n  two\n")
    assert (second.what, second.value) == ("console", "")


def test_commands_go_on_after_a_backslash_and_print_until_the_next(tmp_path: Path) -> None:
    """What stands between two commands is what the first one prints."""
    (step,) = steps_of(write(tmp_path, "```console\n$ echo a \\\n    b\na b\n$ true\n```\n"))
    assert [(each.line, each.prints) for each in commands_of(step)] == [("echo a \\\n    b", ("a b",)), ("true", ())]


@pytest.mark.parametrize(
    ("said", "printed", "equal"),
    [
        (["train  passed  1.2 s"], ["train passed 12.9 s"], True),
        (["train  passed  1.2 s"], ["train failed 1.2 s"], False),
        (["sha256:12ab…"], ["sha256:" + "0" * 64], True),
        (["...", "end"], ["a", "b", "end"], True),
        (["...", "end"], ["a", "end", "more"], False),
        (["all 53 checks", ""], ["all 53 checks"], True),
        (["53 checks"], ["54 checks"], False),
        (["first ... last"], ["first and anything last"], True),
        (["0.123456"], ["0.12345678"], True),
        ([], ["something"], False),
    ],
)
def test_times_digests_and_spaces_may_differ_and_nothing_else(said: list[str], printed: list[str], equal: bool) -> None:
    """Figures that mean something are compared."""
    assert matches(said, printed) is equal


def test_a_change_must_fit_in_one_place() -> None:
    """Lines that are not there, or are there twice, are an error and never a guess."""
    text = "a: 1\nb: 2\nc: 2\n"
    assert changed(text, " a: 1\n-b: 2\n+b: 3\n@@\n c: 2\n+d: 4\n") == "a: 1\nb: 3\nc: 2\nd: 4\n"
    with pytest.raises(ValueError, match="stand 0 times"):
        changed(text, "-e: 1\n")
    with pytest.raises(ValueError, match="stand 2 times"):
        changed("a\na\n", "-a\n")


def test_an_exit_code_that_the_page_does_not_tell_is_a_difference(tmp_path: Path) -> None:
    """Whoever follows the page must not be surprised."""
    told = write(tmp_path, "```console\n$ cd / && false\n$ echo $?\n1\n$ pwd\n/\n```\n")
    assert follow(told, new_reader(tmp_path / "a", tmp_path)) == []
    silent = write(tmp_path, "```console\n$ false\n$ pwd\n/home/ada\n```\n")
    (difference,) = follow(silent, new_reader(tmp_path / "b", tmp_path))
    assert "exits 1" in difference.text
    last = write(tmp_path, "```console\n$ false\n```\n")
    (difference,) = follow(last, new_reader(tmp_path / "c", tmp_path))
    assert "exits 1" in difference.text


def test_a_wrong_descriptor_on_a_page_is_found(tmp_path: Path) -> None:
    """A fragment gets the keys that every descriptor needs, and is loaded."""
    page = write(tmp_path, "<!-- fragment -->\n```yaml\njobs:\n  test: {covarage: 1}\n```\n")
    (difference,) = follow(page, new_reader(tmp_path / "a", tmp_path))
    assert "did you mean `coverage`?" in difference.text


def test_a_page_is_updated_with_what_was_printed(tmp_path: Path) -> None:
    """As many lines around a `...` as the page has."""
    assert revised(["...", "x", "y"], ["1", "2", "3"]) == ["...", "2", "3"]
    assert revised(["x", "..."], ["1", "2", "3"]) == ["1", "..."]
    assert revised(["old"], ["1", "2"]) == ["1", "2"]
    page = write(tmp_path, "```console\n$ echo one\n\n$ seq 5\n...\n?\n```\n")
    update(page, follow(page, new_reader(tmp_path / "a", tmp_path)))
    assert page.read_text(encoding="utf-8") == "```console\n$ echo one\none\n\n$ seq 5\n...\n5\n```\n"
