"""Layers merge, keep their places, and hold the organisation's locks."""

from __future__ import annotations

from pipeline_kit.descriptor.layers import check_locks, locks, merge, normal
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.descriptor.problem import Problems
from pipeline_kit.descriptor.tree import MapNode, plain
from pipeline_kit.descriptor.yaml_tree import read_tree


def tree(text: str, file: str = "upper.yml") -> MapNode:
    problems = Problems()
    root = read_tree(text.encode(), file, problems)
    problems.stop()
    assert root is not None
    return root


def merged(lower: str, upper: str) -> Value:
    return plain(merge(tree(lower, "lower.yml"), tree(upper)))


def test_mappings_merge_and_lists_replace() -> None:
    """A mapping is joined key by key; a list, a number or a text is replaced as a whole."""
    lower, upper = "a: {b: 1, c: [1, 2], d: {e: 1}}", "a: {b: 2, c: [3], d: {f: 2}}"
    assert merged(lower, upper) == {"a": {"b": 2, "c": [3], "d": {"e": 1, "f": 2}}}


def test_values_of_other_types_replace() -> None:
    """Where one layer has a mapping and the other has none, the upper one's stays; the check finds the fault."""
    assert merged("a: {b: 1}\nc: 1", "a: 1\nc: {d: 2}") == {"a": 1, "c": {"d": 2}}


def test_a_value_knows_its_file() -> None:
    """Each merged value has the place it was written at, below or above."""
    root = merge(tree("a: {b: 1}\n", "lower.yml"), tree("\n\na: {c: 2}\n"))
    assert str(root.child("a").entries["b"].position) == "lower.yml:1:5"
    assert str(root.child("a").entries["c"].node.position) == "upper.yml:3:8"


def test_order_is_the_lower_layers_with_new_keys_in_their_place() -> None:
    """A repository's staging comes before the organisation's production, where it was written so."""
    cases = {
        ("{production: 1}", "{staging: 1, production: 2}"): ["staging", "production"],
        ("{staging: 1, production: 1}", "{production: 2}"): ["staging", "production"],
        ("{staging: 1, production: 1}", "{qa: 1, production: 2, after: 1}"): ["staging", "qa", "production", "after"],
        ("{a: 1, b: 1, c: 1}", "{c: 2, a: 2}"): ["c", "b", "a"],
        ("{a: 1}", "{b: 1}"): ["a", "b"],
    }
    for (lower, upper), expected in cases.items():
        value = merged(f"v: {lower}", f"v: {upper}")
        assert isinstance(value, dict)
        assert list(value["v"]) == expected


def test_the_short_kit_is_the_long_one() -> None:
    """`kit: 0.1.0` above keeps the index that the organisation names below."""
    root = merge(normal(tree('kit: {version: 0.0.9, index: "https://a/b"}')), normal(tree("kit: 0.1.0")))
    assert plain(root) == {"kit": {"version": "0.1.0", "index": "https://a/b"}}


def locked_messages(organisation: str, repository: str) -> list[str]:
    problems = Problems()
    below = tree(organisation, "lower.yml")
    check_locks(tree(repository), locks(below, problems), problems)
    return [each.message for each in problems]


def test_a_lock_holds_its_key_alone() -> None:
    """What stands beside a locked key is free; the key itself is not."""
    lock = "locked: [environments.production.approval]"
    assert locked_messages(lock, "environments: {production: {namespace: a}, staging: {approval: auto}}") == []
    assert locked_messages(lock, "environments: {production: {approval: auto}}") == [
        "environments.production.approval is locked by the organisation"
    ]


def test_a_lock_cannot_be_gone_around() -> None:
    """Neither by an environment's change of the job, nor by a value in place of the whole mapping."""
    lock = "locked: [jobs.train.parameters.rate]"
    assert locked_messages(lock, "environments: {staging: {jobs: {train: {parameters: {rate: 1}}}}}") == [
        "environments.staging.jobs.train.parameters.rate is locked by the organisation"
    ]
    assert locked_messages(lock, "jobs: {train: {parameters: [1]}}") == [
        "jobs.train.parameters is locked by the organisation"
    ]
    assert locked_messages(lock, "jobs: {train: {parameters: {depth: 1}}}") == []
