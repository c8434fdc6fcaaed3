"""Values are held to the parameters that describe them."""

from __future__ import annotations

import pytest

from pipeline_kit.descriptor.defaults import default_of
from pipeline_kit.descriptor.duration import duration_of, seconds_of
from pipeline_kit.descriptor.parameter import Kind, Parameter, Value
from pipeline_kit.descriptor.problem import Problems
from pipeline_kit.descriptor.values import Reader
from pipeline_kit.descriptor.yaml_tree import read_tree


def read(text: str, parameter: Parameter) -> tuple[Value, list[str]]:
    problems = Problems()
    tree = read_tree(f"v: {text}\n".encode(), "f.yml", problems)
    assert tree is not None
    found = Reader(problems).value(tree.entries["v"].node, parameter, "v")
    return found, [each.message for each in problems]


def of(
    kind: Kind, *, default: Value = None, items: Parameter | None = None, fields: tuple[Parameter, ...] = ()
) -> Parameter:
    return Parameter("v", kind, "Help.", default=default, items=items, fields=fields)


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("text", Kind.STRING, "text"),
        ("7", Kind.INTEGER, 7),
        ("7", Kind.NUMBER, 7),
        ("7.5", Kind.NUMBER, 7.5),
        ("true", Kind.BOOLEAN, True),
        ("90s", Kind.DURATION, 90),
        ("2d", Kind.DURATION, 172800),
        ("a.b:c", Kind.COMMAND, "a.b:c"),
        ('[python, "-c", "print(1)"]', Kind.COMMAND, ["python", "-c", "print(1)"]),
        ("./a//b/../c", Kind.PATH, None),
        ("./a//b/c/", Kind.PATH, "a/b/c"),
        ("my data/train set.csv", Kind.PATH, "my data/train set.csv"),
        ("[1, a, null, {b: [true]}]", Kind.ANY, [1, "a", None, {"b": [True]}]),
        ("{a: 1}", Kind.MAP, {"a": 1}),
        ("[]", Kind.LIST, []),
    ],
)
def test_right_values_are_taken(text: str, kind: Kind, expected: Value) -> None:
    """Each kind reads its own form, durations into seconds, paths into their shortest spelling."""
    found, problems = read(text, of(kind))
    assert found == expected
    assert bool(problems) == (expected is None)


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("1", Kind.STRING, "v must be text, and is a whole number (1)"),
        ('""', Kind.STRING, "v is empty"),
        ("true", Kind.INTEGER, "v must be a whole number, and is true or false (true)"),
        ("true", Kind.NUMBER, "v must be a number, and is true or false (true)"),
        ("1", Kind.BOOLEAN, "v must be true or false, and is a whole number (1)"),
        ("30", Kind.DURATION, "v must be a duration such as 30m, and is a whole number (30)"),
        ("-5m", Kind.DURATION, 'v must be a duration such as 30m, and is text: "-5m"'),
        ("1.5h", Kind.DURATION, 'v must be a duration such as 30m, and is text: "1.5h"'),
        ("make test", Kind.COMMAND, 'v: "make test" is not module:function'),
        ("{a: 1}", Kind.COMMAND, "v must be module:function, or a list of words, and is a mapping"),
        ("[a]", Kind.MAP, "v must be a mapping, and is a list"),
        ("{a: }", Kind.ANY, "v.a has no value"),
        ("", Kind.ANY, "v has no value"),
        ("null", Kind.STRING, "v has no value: text is due"),
    ],
)
def test_wrong_values_are_named(text: str, kind: Kind, message: str) -> None:
    """The message says what is due and what is there; the default stands in."""
    found, problems = read(text, of(kind))
    assert problems == [message]
    assert found is None or kind is Kind.ANY


def test_a_list_keeps_what_is_right() -> None:
    """One wrong item does not hide the others, so that later checks still see them."""
    assert read("[a, 1, b]", of(Kind.LIST, items=of(Kind.STRING))) == (
        ["a", "b"],
        ["v[1] must be text, and is a whole number (1)"],
    )


def test_an_old_name_fills_the_new_one() -> None:
    """A deprecated name is taken, and nothing else has to know of it."""
    inner = Parameter("rate", Kind.NUMBER, "The rate.", required=True, deprecated_names=("speed", "pace"))
    assert read("{pace: 2}", of(Kind.RECORD, fields=(inner,))) == ({"rate": 2}, [])


def test_defaults_are_filled_in_depth() -> None:
    """A default record has all its fields, and a default duration is in seconds, wherever it is nested."""
    wait = Parameter("wait", Kind.DURATION, "Wait.", default="2m")
    record = of(Kind.RECORD, fields=(wait, Parameter("other", Kind.STRING, "Other.")), default={})
    assert default_of(record) == {"wait": 120, "other": None}
    assert default_of(of(Kind.LIST, items=record, default=[{}, {"wait": "3s"}])) == [
        {"wait": 120, "other": None},
        {"wait": 3, "other": None},
    ]
    assert default_of(of(Kind.MAP, items=wait, default={"a": "1h"})) == {"a": 3600}


@pytest.mark.parametrize(("seconds", "text"), [(0, "0d"), (59, "59s"), (360, "6m"), (7200, "2h"), (172800, "2d")])
def test_durations_round_trip(seconds: int, text: str) -> None:
    """Seconds are told in the largest unit that holds them whole."""
    assert (duration_of(seconds), seconds_of(text)) == (text, seconds)


def test_a_duration_has_one_form() -> None:
    """Anything else raises ValueError."""
    for text in ("", "m", "1h30m", "1 m", "01m", "1M", "1m\n"):
        with pytest.raises(ValueError, match="not a duration"):
            seconds_of(text)
