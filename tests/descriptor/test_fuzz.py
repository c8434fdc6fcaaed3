"""Whatever stands in the file, loading it returns a descriptor or explains itself: never another exception."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline_kit.descriptor.load import load_descriptor
from pipeline_kit.descriptor.problem import DescriptorError
from tests.descriptor.stages import WORDS

CASES = Path(__file__).parent.parent / "cases" / "valid"
VALID = [yaml.safe_load((CASES / name / "pipeline-kit.yml").read_text("utf-8")) for name in
         ("fraud", "matrix", "environments", "schedules", "secrets", "runners", "kit_lock")]  # fmt: skip
TEXTS = [(CASES / name / "pipeline-kit.yml").read_bytes() for name in ("fraud", "environments", "matrix")]

NOISE = [*"{}[]:,-&*!|>'\"%@`#?\n\t ~", ": ", "- ", "\n  ", "a", "jobs", "1", "!!", "<<", "---\n"]

odd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["$X", "a'b", "💥", "\u202e", "\x00", "..", "/", "-", "*", "a" * 5000, "data.", ".", "x.y", "~",
                     "data.train", "train.model", "branch:", "1h", "999999999d", "=", "<<", "&a", "*a", "!!x"]),
    st.just([]),
    st.just({}),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
)  # fmt: skip


def load(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "pipeline-kit.yml").write_bytes(content)
        try:
            load_descriptor(Path(name), WORDS)
        except DescriptorError as error:
            assert error.problems
            assert str(error).replace("\n", "").isprintable()
            assert max(len(line) for line in str(error).splitlines()) < 2000


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a value, outermost first."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, each in inner for place in places(each, (*path, key)))]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A valid descriptor with one to four values deleted, replaced, renamed or moved."""
    value = json.loads(json.dumps(draw(st.sampled_from(VALID))))
    for _ in range(draw(st.integers(1, 4))):
        path = draw(st.sampled_from(places(value)))
        if not path:
            continue
        parent: Any = value
        for key in path[:-1]:
            parent = parent[key]
        match draw(st.sampled_from(["delete", "replace", "rename", "graft"])):
            case "delete":
                del parent[path[-1]]
            case "rename" if isinstance(parent, dict):
                parent[draw(st.text(max_size=10))] = parent.pop(path[-1])
            case "graft":
                parent[path[-1]] = json.loads(json.dumps(draw(st.sampled_from(VALID))))
            case _:
                parent[path[-1]] = draw(odd)
    text: str = yaml.safe_dump(value, allow_unicode=draw(st.booleans()), sort_keys=False)
    return text.encode("utf-8", "surrogatepass")


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_are_explained(content: bytes) -> None:
    """Bytes that are no text, or no YAML, or no descriptor."""
    load(content)


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=300))
def test_random_text_is_explained(text: str) -> None:
    """Text of any script."""
    load(text.encode())


@settings(deadline=None)
@given(st.lists(st.sampled_from(NOISE), max_size=60))
def test_yaml_like_noise_is_explained(parts: list[str]) -> None:
    """The characters that YAML gives a meaning to, in any order."""
    load("".join(parts).encode())


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutated())
def test_mutated_descriptors_are_explained(content: bytes) -> None:
    """Valid descriptors with keys lost, types swapped and values gone wild."""
    load(content)


@settings(deadline=None)
@given(st.sampled_from(TEXTS), st.integers(0, 3000), st.integers(0, 40), st.binary(max_size=12))
def test_cut_and_pasted_bytes_are_explained(content: bytes, start: int, length: int, new: bytes) -> None:
    """A valid file in which some bytes were cut out and others put in, inside words and brackets too."""
    load(content[:start] + new + content[start + length :])
