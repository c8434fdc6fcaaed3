"""The packaging: what passed its gate is packed, the same bytes each time, and nothing else is."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline_kit.contract.context import StageContext, Upstream
from pipeline_kit.contract.digest import digest_file
from pipeline_kit.contract.result import Outcome
from pipeline_kit.errors import Category, DataError, ModelError, UsageError
from pipeline_kit.models.package import read_package, unpack_package
from pipeline_kit.testing.context import MemoryStore, upstream
from tests.stages.judging import Project, names_in, run


def make(folder: Path, **settings: Any) -> tuple[StageContext, dict[str, Upstream]]:
    project = Project(folder)
    jobs = project.judged()
    return project.context("package", jobs, settings=settings), jobs


def test_what_is_in_a_package(tmp_path: Path) -> None:
    """The model, the code that predicted, the lock file, metrics and verdict, and a manifest of them all."""
    context, _ = make(tmp_path)
    result = run("package", context)
    assert result.outcome is Outcome.PASSED
    path = context.out / "package.tar"
    assert names_in(path) == [
        "code/requirements.lock",
        "code/settings.toml",
        "code/src/fraud.py",
        "manifest.json",
        "metrics.json",
        "model/model.json",
        "verdict.json",
    ]
    manifest = read_package(path)
    assert manifest.model_digest == result.facts["model"] == digest_file(tmp_path / "now" / "model.json")
    assert result.facts["package"] == digest_file(path)
    assert (manifest.parameters, manifest.seed) == ({"rate": 0.1}, 7)
    assert manifest.predict.run == "fraud:predict"
    assert manifest.verdict["status"] == "PASS"
    assert set(manifest.data) == {"train", "test"}
    assert (manifest.commit, manifest.dirty) == ("c" * 40, False)
    assert manifest.environment.packages["numpy"] == "2.0"
    assert manifest.python == ".".join(manifest.environment.python.split(".")[:2])
    metrics = manifest.metrics["test"]
    assert isinstance(metrics, dict)
    assert metrics["f1"] == 1.0


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    """In another folder, with another umask and at another time."""
    first = Project(tmp_path / "one").packed().read_bytes()
    before = os.umask(0o077)
    try:
        second = Project(tmp_path / "another place").packed().read_bytes()
    finally:
        os.umask(before)
    assert first == second


def test_wheel_and_toolchain_are_packed_where_they_were_made(tmp_path: Path) -> None:
    """A folder's files lie under its kind, a file under its own name."""
    context, jobs = make(tmp_path)
    toolchain = tmp_path / "toolchain.json"
    toolchain.write_text(json.dumps({"environment_digest": jobs["evaluate"].record.environment_digest}))
    build = upstream(tmp_path / "up", "build", "build", {"toolchain": ("toolchain", toolchain)})
    wheel = tmp_path / "wheel"
    wheel.mkdir()
    (wheel / "fraud-1.0-py3-none-any.whl").write_bytes(b"PK")
    output = replace(build.record.outputs["toolchain"], path="wheel", kind="wheel")
    record = replace(build.record, outputs={**build.record.outputs, "wheel": output})
    build = replace(build, record=record, files={**build.files, "wheel": wheel})
    run("package", replace(context, upstream={"build": build, **jobs}))
    names = names_in(context.out / "package.tar")
    assert {"toolchain.json", "wheel/fraud-1.0-py3-none-any.whl"} <= set(names)


def test_outputs_lie_where_the_descriptor_puts_them(tmp_path: Path) -> None:
    """Evaluation, gate and package leave what they make under the names that a job gives."""
    project = Project(tmp_path)
    jobs = project.trained()
    settings: dict[str, dict[str, Any]] = {
        "evaluate": {"run": "fraud:predict"},
        "gate": {"rules": [{"metric": "f1", "min": 0.5}]},
        "package": {},
    }
    places = {"evaluate": ("metrics", "a/m.json"), "gate": ("verdict", "b/v.json"), "package": ("package", "c/f.tar")}
    for stage, (name, path) in places.items():
        context = project.context(stage, jobs, settings=settings[stage], outputs={name: path})
        result = run(stage, context)
        assert result.outputs[name].path == path
        jobs[stage] = project.finished(stage, context, result)
    assert read_package(context.out / "c" / "f.tar").verdict["status"] == "PASS"


def test_an_environment_that_no_build_verified_is_not_packed(tmp_path: Path) -> None:
    """The model is packed with the toolchain of its own environment or not at all."""
    context, jobs = make(tmp_path)
    toolchain = tmp_path / "toolchain.json"
    toolchain.write_text(json.dumps({"environment_digest": "sha256:other"}))
    build = upstream(tmp_path / "up", "build", "build", {"toolchain": ("toolchain", toolchain)})
    result = run("package", replace(context, upstream={"build": build, **jobs}))
    assert result.outcome is Outcome.FAILED
    assert "it does not hold that the environment is the one that the build verified" in result.reason
    build.files["toolchain"].write_text("{}")
    with pytest.raises(ModelError, match=r"toolchain\.json is not a valid toolchain record"):
        run("package", replace(context, upstream={"build": build, **jobs}))


def test_what_is_stale_is_not_packed(tmp_path: Path) -> None:
    """Code that has changed since the model was judged makes it another one's verdict; a person's decisions do not."""
    context, jobs = make(tmp_path)
    (context.workspace / "pipeline-kit.decisions.json").write_text("{}")
    record(jobs, "gate", inputs={"pipeline-kit.decisions.json": "sha256:before"})
    assert run("package", replace(context, upstream=jobs)).outcome is Outcome.PASSED
    record(jobs, "train", inputs={"src/fraud.py": "sha256:before"})
    with pytest.raises(DataError, match=r"the results of train are stale: src/fraud\.py has changed since"):
        run("package", replace(context, upstream=jobs))


def test_a_release_moves_a_name_in_the_store(tmp_path: Path) -> None:
    """The name then gives the very package; without a store nothing is packed."""
    context, _ = make(tmp_path, release="production")
    with pytest.raises(UsageError, match="release 'production' needs a store"):
        run("package", context)
    store = MemoryStore()
    result = run("package", replace(context, store=store))
    assert store.names == {"production": result.facts["package"]}
    assert store.objects[str(result.facts["package"])] == (context.out / "package.tar").read_bytes()


def edit(jobs: dict[str, Upstream], job: str, output: str, change: Callable[[dict[str, Any]], Any]) -> None:
    path = jobs[job].files[output]
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def record(jobs: dict[str, Upstream], job: str, **changes: Any) -> None:
    jobs[job] = replace(jobs[job], record=replace(jobs[job].record, **changes))


REFUSED: dict[str, tuple[Callable[[dict[str, Upstream]], Any], str]] = {
    "a failure": (
        lambda jobs: edit(jobs, "gate", "verdict", lambda verdict: verdict.update(status="FAIL", passes=False)),
        "it does not hold that the gate has passed the model",
    ),
    "an undecided verdict": (
        lambda jobs: edit(jobs, "gate", "verdict", lambda verdict: verdict.update(status="UNDECIDED", passes=False)),
        "it does not hold that the gate has passed the model",
    ),
    "a pass that is not true": (
        lambda jobs: edit(jobs, "gate", "verdict", lambda verdict: verdict.update(passes="yes")),
        "it does not hold that the gate has passed the model",
    ),
    "a verdict on another model": (
        lambda jobs: edit(jobs, "gate", "verdict", lambda verdict: verdict.update(model="sha256:other")),
        "it does not hold that the verdict is of this model",
    ),
    "a verdict on other metrics": (
        lambda jobs: edit(jobs, "gate", "verdict", lambda verdict: verdict.update(metrics="sha256:other")),
        "it does not hold that the verdict is on these metrics",
    ),
    "another model": (
        lambda jobs: jobs["train"].files["model"].write_text("{}"),
        "it does not hold that the verdict is of this model",
    ),
    "other metrics": (
        lambda jobs: edit(jobs, "evaluate", "metrics", lambda metrics: metrics.update(bins=5)),
        "it does not hold that the verdict is on these metrics",
    ),
    "another environment": (
        lambda jobs: record(jobs, "train", environment_digest="sha256:other"),
        "it does not hold that training and evaluation ran in the same environment",
    ),
    "no environment": (
        lambda jobs: record(jobs, "evaluate", environment_digest=None),
        "the evaluation's environment is not recorded",
    ),
    "other data": (
        lambda jobs: record(jobs, "train", inputs={"data.test": "sha256:other"}),
        "it does not hold that every job saw the same data",
    ),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_what_does_not_agree_is_not_packed(tmp_path: Path, fault: str) -> None:
    """The reason says what does not hold, and no package is left."""
    context, jobs = make(tmp_path)
    change, reason = REFUSED[fault]
    change(jobs)
    result = run("package", replace(context, upstream=jobs))
    assert (result.outcome, result.category) == (Outcome.FAILED, Category.MODEL)
    assert reason in result.reason
    assert not (context.out / "package.tar").exists()


def test_a_decided_verdict_is_packed_with_its_decision(tmp_path: Path) -> None:
    """A person's reason stands in the manifest."""
    context, jobs = make(tmp_path)
    decided = {"status": "UNDECIDED", "passes": True, "decision": "Compared by hand. (Ada)"}
    edit(jobs, "gate", "verdict", lambda verdict: verdict.update(decided))
    run("package", replace(context, upstream=jobs))
    assert read_package(context.out / "package.tar").verdict["decision"] == "Compared by hand. (Ada)"


@pytest.mark.parametrize("lacking", ["train", "evaluate", "gate"])
def test_nothing_is_packed_that_was_not_made(tmp_path: Path, lacking: str) -> None:
    """Without a model, an evaluation or a gate there is no package."""
    context, jobs = make(tmp_path)
    del jobs[lacking]
    with pytest.raises(ModelError, match="no job before this one made a"):
        run("package", replace(context, upstream=jobs))


@pytest.mark.parametrize("fact", ["environment", "predict"])
def test_an_evaluation_that_did_not_record_how_it_ran(tmp_path: Path, fact: str) -> None:
    """Without it no later gate could run the model."""
    context, jobs = make(tmp_path)
    facts = {name: value for name, value in jobs["evaluate"].record.facts.items() if name != fact}
    record(jobs, "evaluate", facts=facts)
    with pytest.raises(ModelError, match="the evaluation did not record"):
        run("package", replace(context, upstream=jobs))


def test_a_model_without_code_of_its_making(tmp_path: Path) -> None:
    """A model that was fetched and not trained has no environment to compare with."""
    context, jobs = make(tmp_path)
    record(jobs, "train", environment_digest=None, facts={})
    result = run("package", replace(context, upstream=jobs))
    assert result.outcome is Outcome.PASSED
    package = unpack_package(context.out / "package.tar", tmp_path / "unpacked")
    assert (package.manifest.parameters, package.manifest.seed) == ({}, None)
