"""Valid descriptors load, pass the schema, and become the values that they say."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from pipeline_kit.descriptor.load import load_descriptor
from pipeline_kit.descriptor.model import (
    Column,
    ColumnType,
    EventKind,
    EventPattern,
    Kit,
    Runner,
    Schedule,
    Secret,
    SecretType,
    StoreAddress,
    When,
)
from tests.descriptor.stages import WORDS

CASES = Path(__file__).parent.parent / "cases" / "valid"
NAMES = sorted(case.name for case in CASES.iterdir() if case.is_dir())


@pytest.mark.parametrize("name", NAMES)
def test_a_valid_descriptor_loads(name: str) -> None:
    """Loading twice gives equal values with the same digest."""
    first, second = load_descriptor(CASES / name, WORDS), load_descriptor(CASES / name, WORDS)
    assert first == second
    assert first.jobs
    assert first.digest == second.digest
    assert first.digest.startswith("sha256:")


def test_no_two_descriptors_share_a_digest() -> None:
    """The digest tells descriptors apart."""
    assert len({load_descriptor(CASES / name, WORDS).digest for name in NAMES}) == len(NAMES)


def test_the_example_becomes_values() -> None:
    """Sections, names, durations and events of the design's example arrive as typed values."""
    fraud = load_descriptor(CASES / "fraud", WORDS)
    train = fraud.jobs["train"]
    assert (fraud.project.name, fraud.project.python) == ("fraud", "3.11")
    assert fraud.store == StoreAddress("directory", "/srv/fraud")
    assert fraud.kit == Kit("0.1.0")
    assert fraud.runners["gpu"] == Runner("gpu", f"cuda@sha256:{'b' * 64}", {"gitlab": ["a100"], "jenkins": "gpu"})
    assert fraud.secrets["kubeconfig"] == Secret(
        "kubeconfig", SecretType.FILE, {"gitlab": "KUBECONFIG", "jenkins": "kube"}
    )
    assert fraud.schedules["nightly"] == Schedule("nightly", "0 2 * * *", "UTC", "main")
    assert fraud.data["train"].columns[0] == Column("amount", ColumnType.NUMBER, 0, None, 0.05)
    assert train.events == (
        EventPattern(EventKind.MERGE_REQUEST),
        EventPattern(EventKind.PUSH, "main"),
        EventPattern(EventKind.SCHEDULE, "nightly"),
    )
    assert (train.stage, train.needs, train.runner, train.timeout_seconds) == ("train", ("check",), "gpu", 21600)
    assert train.inputs == ("src/**", "data.train")
    assert train.outputs == {"model": PurePosixPath("model.onnx")}
    assert train.settings == {"run": "fraud.train:main", "parameters": {"rate": 0.01}, "seed": 7, "rate": None}
    assert (train.position.line, train.position.column) == (26, 3)


def test_defaults_are_applied() -> None:
    """A job of one word has every setting of its stage, durations in seconds, and the common defaults."""
    job = load_descriptor(CASES / "smallest", WORDS).jobs["test"]
    assert job.settings == {"paths": ["tests"], "grace": 300}
    assert (job.timeout_seconds, job.events, job.inputs, job.when) == (3600, None, None, When.AUTO)


def test_a_record_has_all_its_fields() -> None:
    """What a rule leaves out is None, so that a stage never asks whether a key is there."""
    gate = load_descriptor(CASES / "chain", WORDS).jobs["gate"]
    rules = gate.settings["rules"]
    assert isinstance(rules, list)
    assert rules[0] == {
        "metric": "accuracy",
        "min": 0.9,
        "max": None,
        "max_drop": None,
        "max_relative_drop": None,
        "dataset": None,
        "slice": None,
    }


def test_an_environment_changes_its_jobs_only() -> None:
    """The last environment's job waits for a person and has its own limit; the first one's is as it was."""
    loaded = load_descriptor(CASES / "environments", WORDS)
    staging, production = loaded.jobs["package_staging"], loaded.jobs["package_production"]
    assert (staging.when, staging.timeout_seconds, staging.variables) == (When.AUTO, 3600, {})
    assert (production.when, production.timeout_seconds) == (When.MANUAL, 1800)
    assert production.variables == {"LEVEL": "production"}
    assert [(each.name, each.order) for each in loaded.environments.values()] == [("staging", 0), ("production", 1)]


def test_layers_merge() -> None:
    """The organisation's runners, kit index and environment meet the repository's jobs; the repository's store wins."""
    layered = load_descriptor(CASES / "organisation", WORDS)
    assert layered.kit == Kit("0.1.0", index="https://packages.example/simple")
    assert layered.store == StoreAddress("directory", "/srv/layered")
    assert list(layered.environments) == ["staging", "production"]
    assert layered.environments["production"].namespace == "layered"
    assert layered.environments["production"].refs == ("main",)
    assert layered.jobs["package_production"].when is When.MANUAL
    assert layered.jobs["check"].timeout_seconds == 1200
    assert layered.jobs["check"].position.file == "pipeline-kit.organisation.yml"


def test_matrix_values_keep_their_types() -> None:
    """`1e-3` is a number as in YAML 1.2, though PyYAML's own loader would make it text."""
    job = load_descriptor(CASES / "matrix", WORDS).jobs["train"]
    assert job.matrix == {"rate": (0.1, 0.01, 0.001), "kernel": ("linear", "rbf")}


def test_values_are_data_whatever_they_hold() -> None:
    """Quotes, dollars, backticks and line ends arrive in variables and arguments as they are."""
    job = load_descriptor(CASES / "secrets", WORDS).jobs["prepare"]
    assert job.variables["GREETING"] == 'it\'s "quoted" $HOME `date` \\ ünïcode'
    assert job.variables["LINES"] == "one\ntwo"
    assert job.variables["EMPTY"] == ""
