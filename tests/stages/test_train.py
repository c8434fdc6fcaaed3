"""The training: what is collected, what fails it, and how it resumes."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline_kit.catalog import Specs
from pipeline_kit.contract.digest import digest_bytes
from pipeline_kit.contract.ports import Completed, UserCall, UserReport
from pipeline_kit.contract.result import Outcome, StageResult
from pipeline_kit.errors import Category, InfrastructureError
from pipeline_kit.testing.context import FakePython, MemoryStore, stage_context

Code = Callable[[UserCall], UserReport]


def train(folder: Path, code: Code, store: MemoryStore | None = None, **settings: Any) -> StageResult:
    """Runs the stage with a function in the place of the project's code."""
    stages = Specs()
    defaults = {each.name: each.default for each in stages["train"].parameters if each.name != "checkpoint_interval"}
    context = stage_context(
        folder,
        job="train",
        settings={**defaults, "checkpoint_interval": 3600, "run": "project.train:main", **settings},
        outputs={"model": "model.json"},
        python=FakePython(code=code),
        store=store,
    )
    return stages.load_run("train")(context)


def good(call: UserCall) -> UserReport:
    call.outputs["model"].write_text('{"weights": [1, 2]}')
    rows = ({"epoch": 1.0, "loss": 0.5}, {"epoch": 2.0, "loss": 0.25, "accuracy": 0.9})
    return UserReport(Completed(0), metrics={"accuracy": 0.9}, curves=rows)


def test_model_metrics_and_curves_are_collected(tmp_path: Path) -> None:
    """A training leaves the model with its digest, the figures, and one row a step."""
    result = train(tmp_path, good, parameters={"rate": 0.1}, seed=7)
    assert (result.outcome, result.reason) == (Outcome.PASSED, "trained: accuracy 0.9")
    assert result.facts["model_digest"] == digest_bytes(b'{"weights": [1, 2]}')
    assert (result.facts["parameters"], result.facts["seed"]) == ({"rate": 0.1}, 7)
    assert result.measurements == {"accuracy": 0.9, "steps": 2}
    assert {name: output.kind for name, output in result.outputs.items()} == {
        "model": "model",
        "curves": "report",
        "curves_table": "report",
    }
    curves = json.loads((tmp_path / "out" / "curves.json").read_text())
    assert curves["columns"] == ["epoch", "loss", "accuracy"]
    assert curves["rows"][1] == {"epoch": 2.0, "loss": 0.25, "accuracy": 0.9}
    assert (tmp_path / "out" / "curves.csv").read_text() == "epoch,loss,accuracy\n1.0,0.5,\n2.0,0.25,0.9\n"
    assert not (tmp_path / "out" / ".checkpoints").exists()


def diverging(call: UserCall, value: float = math.nan) -> UserReport:
    good(call)
    rows = ({"step": 11.0, "loss": 0.5}, {"step": 12.0, "loss": value}, {"step": 13.0, "loss": value})
    return UserReport(Completed(0), curves=rows)


def test_a_loss_that_became_nan_fails_the_model(tmp_path: Path) -> None:
    """The cause names the figure and the step, and no model leaves the job."""
    result = train(tmp_path, diverging)
    assert (result.outcome, result.category) == (Outcome.FAILED, Category.MODEL)
    assert result.reason == "loss became NaN at step 12"
    assert result.facts["cause"] == result.reason
    assert "model" not in result.outputs
    assert json.loads((tmp_path / "out" / "curves.json").read_text())["rows"][1]["loss"] is None


def test_an_infinite_loss_and_a_metric_without_value_fail_too(tmp_path: Path) -> None:
    """No figure that is not finite passes, nor is it recorded as a measurement."""
    assert train(tmp_path, lambda call: diverging(call, math.inf)).reason == "loss became infinite at step 12"

    def metric(call: UserCall) -> UserReport:
        good(call)
        return UserReport(Completed(0), metrics={"auc": math.nan, "f1": 0.5})

    result = train(tmp_path, metric)
    assert result.reason == "metric auc is NaN"
    assert result.measurements == {"f1": 0.5, "steps": 0}


def test_the_step_is_the_row_where_the_code_names_none(tmp_path: Path) -> None:
    """A row without step or epoch is counted from 1."""
    rows = ({"loss": 1.0}, {"loss": math.nan})
    assert train(tmp_path, lambda call: UserReport(Completed(0), curves=rows)).reason == "loss became NaN at step 2"


def test_an_exception_after_nan_is_told_after_its_cause(tmp_path: Path) -> None:
    """The NaN comes first: the exception follows from it."""

    def code(call: UserCall) -> UserReport:
        return UserReport(Completed(1), curves=({"epoch": 3.0, "loss": math.nan},), exception="ValueError: has NaN")

    assert train(tmp_path, code).reason == "loss became NaN at epoch 3; then ValueError: has NaN"


def test_a_run_without_a_model_fails(tmp_path: Path) -> None:
    """Ending well is not enough: the model must be there and hold something."""
    result = train(tmp_path / "a", lambda call: UserReport(Completed(0)))
    assert (result.reason, result.category) == ("output model was not made: model.json is missing", Category.MODEL)

    def empty(call: UserCall) -> UserReport:
        call.outputs["model"].write_bytes(b"")
        return UserReport(Completed(0))

    assert train(tmp_path / "b", empty).reason == "output model is empty: model.json"


def breaking(call: UserCall) -> UserReport:
    """Writes two checkpoints and raises."""
    assert call.checkpoints is not None
    (call.checkpoints / "first.ckpt").write_text("1")
    (call.checkpoints / "half.ckpt.tmp").write_text("?")
    folder = call.checkpoints / "second.ckpt"
    folder.mkdir()
    (folder / "weights").write_text("2")
    return UserReport(Completed(1), exception="RuntimeError: CUDA out of memory")


class Resumable:
    """Project code that breaks once, then tells what it was handed."""

    def __init__(self) -> None:
        self.handed: list[str | None] = []

    def __call__(self, call: UserCall) -> UserReport:
        content = None if call.resume is None else (call.resume / "weights").read_text()
        self.handed.append(content)
        return breaking(call) if len(self.handed) == 1 else good(call)


def test_a_broken_run_is_resumed_from_its_newest_checkpoint(tmp_path: Path) -> None:
    """The next run is handed the newest whole entry; after it passed, the one after it starts afresh."""
    store, code = MemoryStore(), Resumable()
    assert train(tmp_path / "a", code, store).reason == "RuntimeError: CUDA out of memory"
    resumed = train(tmp_path / "b", code, store)
    assert resumed.outcome is Outcome.PASSED
    assert str(resumed.facts["resumed_from"]).startswith("sha256:")
    assert "resumed_from" not in train(tmp_path / "c", code, store).facts
    assert code.handed == [None, "2", None]
    assert [name.rsplit("/", 1)[0] for name in store.names] == ["checkpoints/demo/train"]


def test_other_settings_do_not_resume(tmp_path: Path) -> None:
    """A checkpoint belongs to its settings, code and data."""
    store, code = MemoryStore(), Resumable()
    train(tmp_path / "a", code, store)
    train(tmp_path / "b", code, store, seed=1)
    (tmp_path / "c" / "workspace").mkdir(parents=True)
    (tmp_path / "c" / "workspace" / "model.py").write_text("changed")
    train(tmp_path / "c", code, store)
    assert code.handed == [None, None, None]


def test_a_diverged_run_leaves_nothing_to_resume(tmp_path: Path) -> None:
    """A checkpoint after NaN would only repeat it."""
    store, code = MemoryStore(), Resumable()
    train(tmp_path / "a", code, store)
    train(tmp_path / "b", diverging, store)
    train(tmp_path / "c", code, store)
    assert code.handed == [None, None]


def test_a_checkpoint_that_breaks_the_run_again_is_dropped(tmp_path: Path) -> None:
    """A resumed run that raises before it wrote anything would do so for ever."""
    store, code = MemoryStore(), Resumable()
    train(tmp_path / "a", code, store)
    train(tmp_path / "b", lambda call: UserReport(Completed(1), exception="EOFError: bad checkpoint"), store)
    train(tmp_path / "c", code, store)
    assert code.handed == [None, None]


def test_a_damaged_checkpoint_is_told_and_the_run_starts_afresh(tmp_path: Path) -> None:
    """A store that gives other bytes stops no training."""
    store, code = MemoryStore(), Resumable()
    train(tmp_path / "a", code, store)
    for digest in store.objects:
        store.objects[digest] = b"other"
    assert train(tmp_path / "b", code, store).outcome is Outcome.PASSED
    assert code.handed == [None, None]


def test_what_a_killed_process_wrote_last_is_not_trusted(tmp_path: Path) -> None:
    """Half a file never takes the place of a whole checkpoint."""
    store = MemoryStore()

    def killed(call: UserCall) -> UserReport:
        breaking(call)
        return UserReport(Completed(-9))

    train(tmp_path, killed, store)
    assert store.names == {}


class BrokenStore(MemoryStore):
    """A store that takes nothing."""

    def put(self, path: Path) -> str:
        raise InfrastructureError("the store does not answer")


def test_a_store_that_fails_at_the_end_changes_no_outcome(tmp_path: Path) -> None:
    """The run's own failure stays the reason."""
    assert train(tmp_path, breaking, BrokenStore()).reason == "RuntimeError: CUDA out of memory"


def test_a_checkpoint_is_kept_once_it_no_longer_changes(tmp_path: Path) -> None:
    """Two looks that see the same make it whole; a third one does not keep it again."""
    from pipeline_kit.stages.train.checkpoints import Checkpoints

    store, lines = MemoryStore(), list[str]()
    checkpoints = Checkpoints(store, "name", tmp_path, lines.append)
    assert not checkpoints.look()
    (tmp_path / "a.ckpt").write_text("half")
    assert not checkpoints.look()
    (tmp_path / "a.ckpt").write_text("whole now")
    assert not checkpoints.look()
    assert [checkpoints.look(), checkpoints.look()] == [True, False]
    assert lines == ["checkpoint a.ckpt is kept in the store"]
    restored = checkpoints.restore(tmp_path / "resume")
    assert restored is not None
    assert (restored.name, restored.read_text()) == ("a.ckpt", "whole now")


def test_epochs_shorter_than_the_interval_leave_checkpoints_too(tmp_path: Path) -> None:
    """At each look the newest entry is one that the look before did not see: the newest of those it did see is kept."""
    from pipeline_kit.stages.train.checkpoints import Checkpoints

    store, lines, folder = MemoryStore(), list[str](), tmp_path / "checkpoints"
    folder.mkdir()
    checkpoints = Checkpoints(store, "name", folder, lines.append)
    for epoch in range(1, 9):
        path = folder / f"epoch {epoch}"
        path.write_text(str(epoch))
        os.utime(path, ns=(epoch * 10**9, epoch * 10**9))
        if epoch % 2 == 0:
            checkpoints.look()
    assert lines == [f"checkpoint epoch {epoch} is kept in the store" for epoch in (2, 4, 6)]
    assert Checkpoints(store, "name", folder, lines.append).restore(tmp_path / "resume") == tmp_path / "resume/epoch 6"


def test_the_folder_is_watched_while_the_code_runs(tmp_path: Path) -> None:
    """The background looks keep a checkpoint before the code has ended."""
    import threading

    from pipeline_kit.stages.train.checkpoints import Checkpoints

    kept = threading.Event()
    store = MemoryStore()
    (tmp_path / "a.ckpt").write_text("whole")
    with Checkpoints(store, "name", tmp_path, lambda line: kept.set()).watched(0.01):
        assert kept.wait(10)
    assert set(store.names) == {"name"}


def test_an_archive_that_reaches_outside_is_refused(tmp_path: Path) -> None:
    """What the store hands back is unpacked inside its folder or not at all."""
    import tarfile

    from pipeline_kit.stages.train.checkpoints import Checkpoints

    (tmp_path / "evil").write_text("x")
    with tarfile.open(tmp_path / "evil.tar", "w") as archive:
        archive.add(tmp_path / "evil", arcname="../escaped")
    store, lines = MemoryStore(), list[str]()
    store.point("name", store.put(tmp_path / "evil.tar"))
    assert Checkpoints(store, "name", tmp_path, lines.append).restore(tmp_path / "deep" / "resume") is None
    assert "starting afresh" in lines[0]
    assert not (tmp_path / "deep" / "escaped").exists()


@pytest.mark.parametrize("name", ["model", "sub/model.bin"])
def test_the_models_folder_is_there_for_the_code(tmp_path: Path, name: str) -> None:
    """Code need not make folders for what it was told to write."""
    stages = Specs()
    context = stage_context(
        tmp_path,
        job="train",
        settings={"run": ["python", "train.py"]},
        outputs={"model": name},
        python=FakePython(good),
    )
    result = stages.load_run("train")(context)
    assert (result.outcome, result.outputs["model"].path) == (Outcome.PASSED, name)
