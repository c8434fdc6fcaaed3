"""Finding and reading the files, and the digest of what they say."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipeline_kit.descriptor.load import load_descriptor
from pipeline_kit.descriptor.problem import DescriptorError
from pipeline_kit.errors import Category
from tests.descriptor.stages import WORDS

HEAD = "version: 1\nkit: 0.1.0\nproject: {name: demo}\n"


def write(directory: Path, text: str) -> Path:
    (directory / "pipeline-kit.yml").write_text(text, encoding="utf-8")
    return directory


def refused(directory: Path) -> DescriptorError:
    with pytest.raises(DescriptorError) as caught:
        load_descriptor(directory, WORDS)
    return caught.value


def test_a_missing_descriptor_says_how_to_begin(tmp_path: Path) -> None:
    """The next step is `init`, or -C."""
    error = refused(tmp_path)
    assert "pipeline-kit.yml is missing here" in str(error)
    assert "pipeline-kit init" in str(error)
    assert error.category is Category.CONFIG


def test_a_misnamed_descriptor_is_found(tmp_path: Path) -> None:
    """The other ending is the usual slip."""
    (tmp_path / "pipeline-kit.yaml").write_text(HEAD, encoding="utf-8")
    assert "rename pipeline-kit.yaml to pipeline-kit.yml" in str(refused(tmp_path))


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    """The hint tells that the directory is not there."""
    assert "is not a directory" in str(refused(tmp_path / "nowhere"))


def test_a_directory_in_place_of_the_file_is_no_crash(tmp_path: Path) -> None:
    """Neither is a pipe, at which reading would wait forever."""
    (tmp_path / "pipeline-kit.yml").mkdir()
    assert "this is not a regular file" in str(refused(tmp_path))
    (tmp_path / "other").mkdir()
    os.mkfifo(tmp_path / "other" / "pipeline-kit.yml")
    assert "this is not a regular file" in str(refused(tmp_path / "other"))


def test_a_loop_of_links_is_no_crash(tmp_path: Path) -> None:
    """Whatever the file system says becomes a problem."""
    (tmp_path / "pipeline-kit.yml").symlink_to("pipeline-kit.yml")
    assert refused(tmp_path).problems


def test_layout_does_not_change_the_digest(tmp_path: Path) -> None:
    """Comments, quotes, flow style and the order of a job's keys do not count."""
    one = write(tmp_path, HEAD + "jobs: {test: {when: manual, timeout: 1h}}\n")
    first = load_descriptor(one, WORDS).digest
    other = write(tmp_path, "# same\n" + HEAD + 'jobs:\n  test:\n    timeout: "1h"\n    when: manual\n')
    assert load_descriptor(other, WORDS).digest == first


def test_the_order_of_environments_changes_the_digest(tmp_path: Path) -> None:
    """The chain is part of what the descriptor says."""
    jobs = "jobs: {test: {}}\n"
    first = load_descriptor(write(tmp_path, HEAD + jobs + "environments: {a: {}, b: {}}\n"), WORDS).digest
    assert load_descriptor(write(tmp_path, HEAD + jobs + "environments: {b: {}, a: {}}\n"), WORDS).digest != first


def test_a_file_of_the_jobs_name_is_no_output(tmp_path: Path) -> None:
    """`train.py` beside a job `train` is a file; `train.model` is its output, and must come before."""
    train = "train: {run: 'a.b:c', outputs: {model: model.json}}"
    load_descriptor(write(tmp_path, HEAD + f"jobs: {{{train}, test: {{inputs: [train.py]}}}}\n"), WORDS)
    error = refused(write(tmp_path, HEAD + f"jobs: {{{train}, test: {{inputs: [train.model]}}}}\n"))
    assert "does not come before" in str(error)


def test_a_hundred_problems_are_told_and_the_rest_counted(tmp_path: Path) -> None:
    """A hopeless file does not flood the terminal, yet every problem is in the value."""
    keys = "".join(f"unknown_{number}: 1\n" for number in range(150))
    error = refused(write(tmp_path, HEAD + "jobs: {test: {}}\n" + keys))
    assert len(error.problems) == 150
    assert str(error).endswith("\nand 50 more")


def test_two_hundred_jobs_load(tmp_path: Path) -> None:
    """The largest plan there is loads, and one job more does not."""
    jobs = "".join(f"  job_{number}: {{stage: test, needs: [job_{number - 1}]}}\n" for number in range(1, 200))
    text = HEAD + "jobs:\n  job_0: {stage: test}\n" + jobs
    assert len(load_descriptor(write(tmp_path, text), WORDS).jobs) == 200
    assert "201 jobs" in str(refused(write(tmp_path, text + "  one_more: {stage: test}\n")))
