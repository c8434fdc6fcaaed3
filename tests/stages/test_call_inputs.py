"""What stages that call the project's code share."""

from __future__ import annotations

import math
import shutil
from pathlib import Path, PurePosixPath

import pytest

from pipeline_kit.contract import settings
from pipeline_kit.contract.call_inputs import code_digest, finite, missing_output, named_inputs, user_failure
from pipeline_kit.contract.digest import digest_tree
from pipeline_kit.contract.ports import Completed, UserReport
from pipeline_kit.descriptor.model import Dataset
from pipeline_kit.errors import Category
from pipeline_kit.testing.context import stage_context, upstream


def test_inputs_are_named_by_dataset_job_and_nearest(tmp_path: Path) -> None:
    """`model` is the nearest model; an output that is called so wins over one that only is of that kind."""
    files = {}
    for name in ("old.bin", "new.bin", "scaler.json", "odd.bin"):
        files[name] = tmp_path / name
        files[name].write_text(name)
    before = {
        "train": upstream(tmp_path / "up", "train", "train", {"model": ("model", files["old.bin"])}),
        "tune": upstream(
            tmp_path / "up",
            "tune",
            "train",
            {"model": ("model", files["new.bin"]), "scaler": ("data", files["scaler.json"])},
        ),
        "export": upstream(tmp_path / "up", "export", "export", {"onnx": ("model", files["odd.bin"])}),
    }
    context = stage_context(
        tmp_path, datasets={"test": Dataset("test", PurePosixPath("data/test.csv"))}, upstream=before
    )
    inputs = named_inputs(context)
    assert {name: path.name for name, path in inputs.items()} == {
        "data.test": "test.csv",
        "train.model": "old.bin",
        "tune.model": "new.bin",
        "tune.scaler": "scaler.json",
        "export.onnx": "odd.bin",
        "model": "new.bin",
        "scaler": "scaler.json",
        "data": "scaler.json",
        "onnx": "odd.bin",
    }


def test_a_call_that_ended_well_is_no_failure() -> None:
    """Only an exit code, an exception or a time limit is one."""
    assert user_failure(UserReport(Completed(0, ("a warning",)))) is None


@pytest.mark.parametrize(
    ("report", "category"),
    [
        (UserReport(Completed(-2)), Category.INTERRUPTED),
        (UserReport(Completed(-15)), Category.INTERRUPTED),
        (UserReport(Completed(-11)), Category.PROJECT),
        (UserReport(Completed(-9, timed_out=True)), Category.TIMEOUT),
        (UserReport(Completed(1), exception="ValueError: x"), Category.PROJECT),
    ],
)
def test_every_failed_call_has_its_category(report: UserReport, category: Category) -> None:
    """A signal from a person is an interruption, a crash is the project's."""
    result = user_failure(report)
    assert result is not None
    assert result.category is category


def test_a_reason_is_one_line_of_readable_length() -> None:
    """However much an exception says."""
    result = user_failure(UserReport(Completed(1), exception="ValueError: " + "x\n" * 5000))
    assert result is not None
    assert len(result.reason) == 300
    assert "\n" not in result.reason


def test_figures_that_are_not_finite_are_no_measurements() -> None:
    """NaN is never recorded as if it were a number."""
    assert finite({"a": 0.5, "b": math.nan, "c": math.inf}) == {"a": 0.5}


def test_an_output_must_hold_something(tmp_path: Path) -> None:
    """A file with bytes, or a folder with such a file."""
    (tmp_path / "folder").mkdir()
    assert missing_output({"a": tmp_path / "folder"}) == "output a is empty: folder"
    (tmp_path / "folder" / "file").write_text("x")
    assert missing_output({"a": tmp_path / "folder", "b": tmp_path / "folder" / "file"}) is None


def test_an_output_does_not_lie_elsewhere(tmp_path: Path) -> None:
    """A folder behind a link would be judged there and be lost from the package; a link to a file is its content."""
    model, weights = tmp_path / "model", tmp_path / "weights"
    for folder in (model, weights):
        folder.mkdir()
        (folder / "file").write_text("x")
    (model / "last").symlink_to("file")
    assert missing_output({"model": model}) is None
    (model / "weights").symlink_to(weights)
    said = "output model holds the link weights, which leads to no file: write plain files and folders"
    assert missing_output({"model": model}) == said
    (tmp_path / "whole").symlink_to(weights)
    assert "holds the link whole" in str(missing_output({"model": tmp_path / "whole"}))


def test_a_folder_behind_a_link_counts_in_a_digest(tmp_path: Path) -> None:
    """A dataset whose classes are linked folders has the digest of a copy of it; a link without an end is an error."""
    (tmp_path / "cats").mkdir()
    (tmp_path / "cats" / "1.png").write_text("x")
    data = tmp_path / "data"
    data.mkdir()
    (data / "cats").symlink_to(tmp_path / "cats")
    shutil.copytree(data, tmp_path / "copy")
    before = digest_tree(data)
    assert before == digest_tree(tmp_path / "copy")
    (tmp_path / "cats" / "1.png").write_text("y")
    assert digest_tree(data) != before
    (data / "again").symlink_to(data)
    with pytest.raises(OSError, match="symbolic links"):
        digest_tree(data)


def test_the_code_digest_is_of_code_alone(tmp_path: Path) -> None:
    """Data, caches and git's own files do not count; a changed module does."""
    spec = Dataset("train", PurePosixPath("train.csv"))
    workspace = tmp_path / "workspace"
    (workspace / "__pycache__").mkdir(parents=True)
    (workspace / "train.csv").write_text("a\n1\n")
    (workspace / "model.py").write_text("RATE = 1\n")
    context = stage_context(tmp_path, datasets={"train": spec})
    before = code_digest(context)
    (workspace / "train.csv").write_text("a\n2\n")
    (workspace / "__pycache__" / "model.pyc").write_bytes(b"1")
    assert code_digest(context) == before
    (workspace / "model.py").write_text("RATE = 2\n")
    assert code_digest(context) != before


def test_settings_are_read_as_their_types() -> None:
    """Unset is none or empty; a wrong type is a fault of the kit, told as one."""
    values = {"n": 1, "t": "x", "b": True, "l": ["a"], "m": {"k": 1}, "c": ["python", "x.py"]}
    assert (settings.number(values, "n"), settings.whole(values, "n")) == (1.0, 1)
    assert (settings.text(values, "t"), settings.flag(values, "b")) == ("x", True)
    assert (settings.texts(values, "l"), settings.mapping(values, "m")) == (("a",), {"k": 1})
    assert (settings.command(values, "t"), settings.command(values, "c")) == ("x", ("python", "x.py"))
    assert settings.number(values, "none") is None
    assert (settings.texts(values, "none"), settings.flag(values, "none")) == ((), False)
    for read, name in [
        (settings.number, "b"),
        (settings.whole, "t"),
        (settings.text, "n"),
        (settings.flag, "n"),
        (settings.texts, "t"),
        (settings.mapping, "l"),
    ]:
        with pytest.raises(TypeError, match=f"setting {name} is not"):
            read(values, name)
