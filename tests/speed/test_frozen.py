"""A value made by `frozen` is what a frozen dataclass with slots is; only making its class is faster."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from pipeline_kit.frozen import frozen


@frozen
class Place:
    """A value with every way to say a default."""

    name: str
    size: int = 3
    notes: Mapping[str, int] = field(default_factory=dict)
    make_notes: str = "a field may be called as the maker's own words are"
    missing: str = "this too"


@dataclass(frozen=True, slots=True)
class Standard:
    """The same, as the standard library makes it."""

    name: str
    size: int = 3
    notes: Mapping[str, int] = field(default_factory=dict)
    make_notes: str = "a field may be called as the maker's own words are"
    missing: str = "this too"


@frozen
class Named:
    """A value with a text and an order of its own."""

    name: str

    def __str__(self) -> str:
        return f"<{self.name}>"

    def __lt__(self, other: Named) -> bool:
        return self.name < other.name


@frozen
class Empty:
    """A value without fields."""


def test_a_value_is_made_shown_and_taken_apart_as_a_dataclass() -> None:
    """Positions, names and defaults; the same text; fields, replace and asdict; match patterns."""
    ours, standard = Place("a", notes={"b": 1}), Standard("a", notes={"b": 1})
    assert repr(ours).partition("(")[2] == repr(standard).partition("(")[2]
    assert dataclasses.asdict(ours) == dataclasses.asdict(standard)
    assert [each.name for each in dataclasses.fields(ours)] == [each.name for each in dataclasses.fields(standard)]
    assert dataclasses.replace(ours, size=4) == Place("a", 4, {"b": 1})
    assert Place.__match_args__ == Standard.__match_args__
    match ours:
        case Place(name, size):
            assert (name, size) == ("a", 3)
    assert Place("a").notes is not Place("a").notes


def test_values_are_equal_and_hashed_by_all_of_their_fields() -> None:
    """And never equal to a value of another class, a tuple included."""
    assert Place("a") == Place("a")
    assert Place("a") != Place("a", 4)
    assert Place("a") != Standard("a")
    assert Named("a") != ("a",)
    assert len({Named("a"), Named("a"), Named("b")}) == 2
    with pytest.raises(TypeError, match="unhashable"):
        hash(Place("a"))  # a dictionary in it, as with a dataclass


@pytest.mark.parametrize("name", ["size", "other"])
def test_nothing_in_a_value_changes(name: str) -> None:
    """No field can be set or deleted and none added: the error is the dataclass's own."""
    value = Place("a")
    with pytest.raises(dataclasses.FrozenInstanceError, match=f"cannot assign to field '{name}'"):
        setattr(value, name, 4)
    with pytest.raises(dataclasses.FrozenInstanceError, match=f"cannot delete field '{name}'"):
        delattr(value, name)
    assert not hasattr(value, "__dict__")


def test_a_wrong_call_is_refused_as_by_any_function() -> None:
    """A field without a default must be given, and only fields can be."""
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'name'"):
        Place()
    with pytest.raises(TypeError, match="unexpected keyword argument 'length'"):
        Place("a", length=3)


def test_own_methods_stay_and_copies_are_equal() -> None:
    """Text and order that the class says itself; copy and pickle."""
    assert (str(Named("a")), sorted([Named("b"), Named("a")])[0]) == ("<a>", Named("a"))
    value = Place("a", notes={"b": 1})
    for other in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
        assert other == value
    assert repr(Empty()) == "Empty()"
