"""YAML is read strictly, with the place of every key and value."""

from __future__ import annotations

import pytest
import yaml

from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.descriptor.problem import Problems
from pipeline_kit.descriptor.tree import ListNode, MapNode, plain
from pipeline_kit.descriptor.yaml_tree import LARGEST_FILE, read_tree
from pipeline_kit.yaml import reader


def read(text: str | bytes) -> tuple[MapNode | None, list[str]]:
    problems = Problems()
    tree = read_tree(text.encode() if isinstance(text, str) else text, "f.yml", problems)
    return tree, [str(each) for each in problems]


def value(text: str) -> Value:
    tree, problems = read(f"v: {text}\n")
    assert tree is not None
    assert not problems
    return plain(tree.entries["v"].node)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", 1),
        ("-7", -7),
        ("0", 0),
        ("0.5", 0.5),
        (".5", 0.5),
        ("1e-3", 0.001),
        ("6E2", 600.0),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("y", "y"),
        ("3.11.7", "3.11.7"),
        ("1.2.3", "1.2.3"),
        ("python:3.11", "python:3.11"),
        ("2d", "2d"),
        ('"3.10"', "3.10"),
        ("'yes'", "yes"),
        ('"1:30"', "1:30"),
        ("nan", "nan"),
    ],
)
def test_scalars_mean_what_every_reader_agrees_on(text: str, expected: Value) -> None:
    """Numbers, booleans and null as in YAML 1.2; quoted text stays text."""
    found = value(text)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    "text",
    ["yes", "No", "ON", "off", "0x1F", "0b1", "0o7", "007", "-012", "1:30", "190:20:30", "2026-11-22", "1_000", "1_0.5",
     ".inf", "-.INF", ".NaN", "1e999", "9" * 25, "9" * 5000, "2026-11-22T10:00:00Z", "9_9" * 300],
)  # fmt: skip
def test_what_readers_differ_on_is_refused(text: str) -> None:
    """A scalar that another reader would turn into something else has to be written otherwise."""
    _, problems = read(f"v: {text}\n")
    assert len(problems) == 1
    assert problems[0].startswith("f.yml:1:4: ")
    assert "quote it" in problems[0]


def test_places_count_from_one() -> None:
    """Keys and values know their line and column, behind wide characters and in nested lists as well."""
    tree, _ = read('ä: "ö"\nlist:\n  - a\n  - {b: [1, 2]}\n')
    assert tree is not None
    assert str(tree.entries["ä"].node.position) == "f.yml:1:4"
    assert str(tree.entries["list"].position) == "f.yml:2:1"
    node = tree.get("list")
    assert isinstance(node, ListNode)
    inner = node.items[1]
    assert isinstance(inner, MapNode)
    numbers = inner.get("b")
    assert isinstance(numbers, ListNode)
    assert [str(each.position) for each in numbers.items] == ["f.yml:4:10", "f.yml:4:13"]


def test_a_key_without_a_value_is_where_its_key_is() -> None:
    """There is nothing to point at but the key."""
    tree, _ = read("a:\n  b:\nc: 1\n")
    assert tree is not None
    assert str(tree.child("a").entries["b"].node.position) == "f.yml:2:3"


def test_aliases_are_values() -> None:
    """An anchor's value stands wherever its alias does."""
    tree, problems = read("a: &x {b: 1}\nc: *x\n")
    assert not problems
    assert tree is not None
    assert plain(tree) == {"a": {"b": 1}, "c": {"b": 1}}


def test_aliases_cannot_nest_too_deep() -> None:
    """A chain of aliases, each one level deeper, ends where written nesting would."""
    chain = "".join(f"a{number}: &a{number} [*a{number - 1}]\n" for number in range(1, 60))
    _, problems = read(f"a0: &a0 [x]\n{chain}")
    assert "nested deeper than 32" in problems[0]


def test_a_bomb_of_aliases_is_counted_not_built() -> None:
    """Nine lines that stand for a billion values are refused at once."""
    levels = "".join(f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 10)}]\n" for number in range(1, 10))
    tree, problems = read(f"a0: &a0 x\n{levels}")
    assert tree is None
    assert "more than 50000 values" in problems[0]


def test_a_file_that_is_too_large_is_not_read() -> None:
    """A megabyte is more than any descriptor."""
    _, problems = read(b"#" * (LARGEST_FILE + 1))
    assert problems == ["f.yml:1:1: the file is larger than 1 MiB\n    keep data in files of its own"]


def test_nesting_cannot_exhaust_the_stack() -> None:
    """A hundred thousand brackets are one problem, not a crash."""
    for opening in ("[", "{a: "):
        _, problems = read("v: " + opening * 100_000)
        assert "nested deeper than 32" in problems[0]


def test_the_pure_python_reader_agrees(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where PyYAML has no libyaml, the same file gives the same tree."""
    text = 'a: {b: [1, "x", null], c: 1e-3}\nd: |\n  one\n  two\n'
    fast, _ = read(text)
    monkeypatch.setattr(reader, "LOADER", yaml.SafeLoader)
    slow, problems = read(text)
    assert fast == slow
    assert not problems
    assert read("a: b: c")[1][0].startswith("f.yml:1:5: not valid YAML")


def test_carriage_returns_are_line_ends_only() -> None:
    """A file with Windows line ends reads as it looks; a bare carriage return does not."""
    tree, problems = read(b"a: 1\r\nb: 2\r\n")
    assert tree is not None
    assert (plain(tree), problems) == ({"a": 1, "b": 2}, [])
    assert "U+000D" in read(b"a: 1\rb: 2\n")[1][0]
