"""The scan as a job: what it leaves, what stops the release, and what the descriptor allows."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from pipeline_kit.catalog import Specs
from pipeline_kit.contract.context import StageContext
from pipeline_kit.contract.result import Outcome, OutputRecord, StageResult
from pipeline_kit.contract.world import Added
from pipeline_kit.errors import Category, DataError, UsageError
from pipeline_kit.report.junit import write_junit
from pipeline_kit.scan.finding import BLOCKING, RULES
from pipeline_kit.testing.context import stage_context, upstream
from tests.scan.pictures import Entry, Layer, Picture
from tests.scan.planted import LETTERS
from tests.stages.judging import run

TOKEN = "gh" + "p_" + LETTERS[:36]
GOOD = [
    Layer([Entry("usr/bin/passwd", b"x", 0o4755)], "base"),
    Layer([Entry("app/packages/Requests-2.0.dist-info/METADATA", b"Name: Requests\nVersion: 2.0\n\n")], "dependencies"),
    Layer([Entry("app/code/model/serving.py", b"print()\n")], "code"),
]
BAD = [*GOOD, Layer([Entry("app/code/a.py", f"\nT = '{TOKEN}'\n".encode(), 0o666)], "code")]


@dataclass
class History:
    """A history of the test's own."""

    patches: list[Added] = field(default_factory=list)
    cut: bool = False

    def commits(self, most: int) -> tuple[str, ...]:
        return tuple(dict.fromkeys(each.commit for each in self.patches))[:most]

    def shallow(self) -> bool:
        return self.cut

    def added(self, most: int) -> Iterator[Added]:
        yield from self.patches


@dataclass
class FakeWorld:
    """A world with a history and nothing else."""

    history: History = field(default_factory=History)

    def sources(self) -> History:
        return self.history


def make(
    folder: Path, layers: list[Layer] | None = None, history: History | None = None, **settings: Any
) -> StageContext:
    spec = Specs()["scan"]
    defaults = {each.name: each.default for each in spec.parameters if each.default is not None}
    context = stage_context(folder, settings={**defaults, **settings}, world=FakeWorld(history or History()))
    if layers is None:
        return context
    layout = folder / "up" / "image" / "image"
    _, image = Picture(layers).write(layout)
    before = upstream(folder / "up", "image", "image", {})
    record = replace(before.record, outputs={"image": OutputRecord("image", "image", image.digest, 1)})
    return replace(context, upstream={"image": replace(before, record=record, files={"image": layout})})


def findings(context: StageContext) -> dict[str, Any]:
    return json.loads((context.out / "findings.json").read_text())


def scan(context: StageContext) -> tuple[StageResult, dict[str, Any]]:
    result = run("scan", context)
    document = findings(context)
    assert TOKEN not in json.dumps(document) + result.reason + write_junit("scan", result.cases)
    return result, document


def test_a_good_image_passes(tmp_path: Path) -> None:
    """It leaves an SBOM and the findings; the base's own are told, vulnerabilities not looked for."""
    context = make(tmp_path, GOOD)
    result, document = scan(context)
    assert (result.outcome, result.category) == (Outcome.PASSED, None)
    assert {name: (each.path, each.kind) for name, each in result.outputs.items()} == {
        "sbom": ("bom.cdx.json", "sbom"),
        "findings": ("findings.json", "findings"),
    }
    assert "pkg:pypi/requests@2.0" in (context.out / "bom.cdx.json").read_text()
    assert [(each["rule"], each["owner"], each["blocks"]) for each in document["findings"]] == [
        ("set_uid", "base", False)
    ]
    assert document["checked"]["vulnerabilities"] == "not checked: no database of advisories is given"
    assert "vulnerabilities not checked" in result.reason
    cases = {each.name: each for each in result.cases}
    assert set(cases) == set(RULES)
    assert cases["vulnerability"].skipped == "not checked: no database of advisories is given"
    assert all(each.failure is None for each in cases.values())


def test_what_blocks_is_named(tmp_path: Path) -> None:
    """The worst comes first, with its place; the counts follow, and each rule is a case."""
    result, document = scan(make(tmp_path, BAD))
    assert (result.outcome, result.category) == (Outcome.FAILED, Category.PROJECT)
    expected = (
        "secret at app/code/a.py:2: a GitHub token: ghp_... (40 characters); in all 1 of secret, 1 of world_writable"
    )
    assert result.reason == expected
    failed = {each.name: each.failure for each in result.cases if each.failure}
    assert set(failed) == {"secret", "world_writable"}
    assert (result.measurements["findings"], result.measurements["blocking"]) == (3, 2)
    assert document["counts"]["by_rule"] == {"secret": 1, "set_uid": 1, "world_writable": 1}


def test_the_descriptor_says_what_blocks(tmp_path: Path) -> None:
    """Rules that it does not name are told, and it can let the base's files count too."""
    result, _ = scan(make(tmp_path, BAD, block=["root_user"]))
    assert result.outcome is Outcome.PASSED
    result, _ = scan(make(tmp_path / "b", GOOD, base="block"))
    assert result.reason.startswith("set_uid at usr/bin/passwd")


def test_an_exception_has_a_reason(tmp_path: Path) -> None:
    """It stands in the findings; one that nothing needs is told; one without a reason or a rule is refused."""
    allow = [
        {"rule": "secret", "path": "app/code/*", "subject": "*", "reason": "a token of the tests"},
        {"rule": "world_writable", "path": "app/code/a.py", "subject": "*", "reason": "so is the cache"},
        {"rule": "set_uid", "path": "app/*", "subject": "*", "reason": "there was one"},
    ]
    result, document = scan(make(tmp_path, BAD, allow=allow))
    assert result.outcome is Outcome.PASSED
    told = {each["rule"]: each["allowed"] for each in document["findings"]}
    assert told == {"secret": "a token of the tests", "world_writable": "so is the cache", "set_uid": None}
    assert [each["rule"] for each in document["allowed_without_need"]] == ["set_uid"]
    with pytest.raises(UsageError, match="unknown rule 'secrets'"):
        scan(make(tmp_path / "a", GOOD, allow=[{"rule": "secrets", "path": "*", "reason": "x"}]))
    with pytest.raises(UsageError, match="the exception for secret at \\* has no reason"):
        scan(make(tmp_path / "b", GOOD, allow=[{"rule": "secret", "path": "*", "reason": " "}]))


def test_known_vulnerabilities(tmp_path: Path) -> None:
    """With a database they block, those of the base are told; a database that is none is an error."""
    context = make(tmp_path, GOOD, advisories="db")
    database = context.workspace / "db"
    database.mkdir()
    affected = {"package": {"ecosystem": "PyPI", "name": "requests"}, "versions": ["2.0"]}
    (database / "a.json").write_text(json.dumps({"id": "GHSA-1", "affected": [affected], "summary": "Leaks."}))
    result, document = scan(context)
    assert result.reason.startswith(
        "vulnerability at app/packages/Requests-2.0.dist-info/METADATA: Requests 2.0: GHSA-1"
    )
    assert document["checked"]["vulnerabilities"]["advisories"] == 1
    based = [Layer(GOOD[1].entries, "base")]
    result, _ = scan(replace(make(tmp_path / "b", based, advisories=str(database))))
    assert result.outcome is Outcome.PASSED
    with pytest.raises(DataError, match="the database of advisories"):
        scan(make(tmp_path / "c", GOOD, advisories="gone"))


def test_the_source_and_its_history(tmp_path: Path) -> None:
    """Files, manifests and commits; how far back is recorded."""
    history = History([Added("c" * 40, "old.py", 7, f"x\nT = '{TOKEN}'".encode())], cut=True)
    context = make(tmp_path, history=history, of="source")
    (context.workspace / "Dockerfile").write_text("FROM debian:12\nENV API_KEY=k3v9s8\n")
    result, document = scan(context)
    assert set(result.outputs) == {"findings"}
    assert {(each["rule"], each["path"], each["line"]) for each in document["findings"]} == {
        ("secret_in_history", "old.py", 8),
        ("secret_in_dockerfile", "Dockerfile", 2),
        ("dockerfile_root", "Dockerfile", 1),
    }
    assert document["checked"]["history"] == {"commits": 1, "shallow": True}
    assert "vulnerabilities" not in document["checked"]


def test_a_source_without_a_history(tmp_path: Path) -> None:
    """Outside a repository, or where none is asked for, it is recorded as not checked."""
    for number, settings in enumerate(({"history": 0}, {})):
        result, document = scan(make(tmp_path / str(number), of="source", **settings))
        assert result.outcome is Outcome.PASSED
        assert str(document["checked"]["history"]).startswith("not checked: ")


def test_both_at_once(tmp_path: Path) -> None:
    """One job scans image and source."""
    context = make(tmp_path, BAD, of="all")
    (context.workspace / "b.py").write_text(f"T = '{TOKEN}'\n")
    _, document = scan(context)
    assert {"b.py", "app/code/a.py"} <= {each["path"] for each in document["findings"]}
    assert set(document["subject"]) == {"image", "commit"}


def test_there_must_be_an_image(tmp_path: Path) -> None:
    """And where there is none, the next step is told."""
    with pytest.raises(UsageError, match="no job before this one made an image"):
        scan(make(tmp_path))


def test_the_same_image_leaves_the_same_bytes(tmp_path: Path) -> None:
    """Bill and findings alike."""
    for name in ("a", "b"):
        run("scan", make(tmp_path / name, BAD))
    for file in ("bom.cdx.json", "findings.json"):
        assert (tmp_path / "a" / "out" / file).read_bytes() == (tmp_path / "b" / "out" / file).read_bytes()


def test_the_stage_names_the_rules_that_there_are() -> None:
    """And those that block by default."""
    block = next(each for each in Specs()["scan"].parameters if each.name == "block")
    assert block.items is not None
    assert block.items.choices == tuple(RULES)
    assert tuple(block.default) == BLOCKING


@pytest.mark.slow
def test_a_large_model_is_not_held_in_memory(tmp_path: Path) -> None:
    """A file of 64 megabytes is looked at and passed over."""
    context = make(tmp_path, [Layer([Entry("app/model/m.safetensors", b"\0" * (64 << 20))], "model")])
    tracemalloc.start()
    result, document = scan(context)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert result.outcome is Outcome.PASSED
    assert document["checked"]["image"]["read_in_part"] == ["app/model/m.safetensors"]
    assert peak < 48 << 20
