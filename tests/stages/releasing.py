"""What the tests of the stage `deploy` start from: a signed image in a repository, a cluster in memory, jobs before."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from pipeline_kit.contract.context import DataInput, StageContext, Upstream
from pipeline_kit.contract.result import StageResult
from pipeline_kit.descriptor.model import Dataset, Environment, Project, Secret, SecretType
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.descriptor.secret_variables import secret_variable
from pipeline_kit.images.names import LABEL_MODEL_DIGEST, STATEMENT_TYPE
from pipeline_kit.images.oci.layout import Layout
from pipeline_kit.testing.cluster import FakeCluster
from pipeline_kit.testing.context import stage_context, upstream
from tests.deploy.controllers import Controllers
from tests.deploy.deploying import a_cluster
from tests.images.building import FolderRepository
from tests.images.signing import Signed
from tests.stages.judging import defaults, run

REPOSITORY = "registry.example/team/fraud"
STAGING = Environment("staging", 0, "default")
PRODUCTION = Environment("production", 1, "default")
DATA = Dataset("test", PurePosixPath("test.csv"), target="label", id="id")


@dataclass
class History:
    """The project's commits, newest first, each the parent of the one before."""

    known: tuple[str, ...] = ()

    def is_before(self, older: str, newer: str) -> bool:
        return older in self.known and newer in self.known and self.known.index(older) > self.known.index(newer)


@dataclass
class ReleaseWorld:
    """One repository, one cluster, one history; which kubeconfig was asked for is kept."""

    repository: FolderRepository
    the_cluster: FakeCluster
    history: History = field(default_factory=History)
    kubeconfigs: list[Path | None] = field(default_factory=list)

    def registries(self) -> Any:
        world = self

        class One:
            def repository(self, name: str) -> FolderRepository:
                assert name == world.repository.name
                return world.repository

        return One()

    def cluster(self, kubeconfig: Path | None, context: str | None = None) -> FakeCluster:
        self.kubeconfigs.append(kubeconfig)
        return self.the_cluster

    def sources(self) -> History:
        return self.history


@dataclass
class Release:
    """A job of the stage `deploy` on a signed image; a test changes what it is told."""

    folder: Path
    signed: Signed
    cluster: FakeCluster = field(default_factory=a_cluster)
    settings: dict[str, Value] = field(default_factory=dict)
    environment: Environment = STAGING
    jobs: dict[str, Upstream] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)  # of the type file: name to path
    texts: tuple[str, ...] = ()  # names of secrets of the type text
    datasets: dict[str, DataInput] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    history: tuple[str, ...] = ()
    project: str = "fraud"

    def __post_init__(self) -> None:
        self.digest, labels = self.signed.image.digest, self.signed.image.labels
        self.model = labels[LABEL_MODEL_DIGEST]
        self.image = f"{REPOSITORY}@{self.digest}"
        self.serve(self.image, self.model)
        self.world = ReleaseWorld(FolderRepository(REPOSITORY, Layout(self.signed.folder)), self.cluster)
        self.jobs.setdefault("push", self.made("push", "pushed", {"image": self.image}))

    def as_tampered(self) -> None:
        """Names what an attacker left: the image that the repository has now, and the statement that was handed out."""
        listed = [each for each in Layout(self.signed.folder).index() if each.artifact_type is None]
        self.settings["image"] = f"{REPOSITORY}@{self.signed.reference or listed[0].digest}"
        if self.signed.attestation is not None:
            self.signed.attach({STATEMENT_TYPE: [self.signed.attestation]})

    def serve(self, image: str, model: str) -> None:
        """Lets the pods of an image serve a model."""
        controllers = self.cluster.after.__self__  # type: ignore[attr-defined]
        assert isinstance(controllers, Controllers)
        controllers.models = {**controllers.models, image: model}

    def made(self, job: str, kind: str, document: Mapping[str, Value], **facts: Value) -> Upstream:
        """A job before this one that left a document."""
        path = self.folder / f"{job}-{kind}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document))
        return upstream(self.folder / "up", job, job, {kind: (kind, path)}, facts=facts)

    def evaluated(self, predictions: Mapping[str, str], model: str | None = None) -> None:
        """Adds an evaluation of two rows: what it predicted by their ids."""
        workspace = self.folder / "job/workspace"
        workspace.mkdir(parents=True, exist_ok=True)
        rows = [["id", "value", "label"], *([name, str(number), "0"] for number, name in enumerate(predictions, 1))]
        write_csv(workspace / "test.csv", rows)
        folder = self.folder / "predictions"
        folder.mkdir(exist_ok=True)
        write_csv(folder / "test.csv", [["id", "prediction"], *map(list, predictions.items())])
        made = self.made("evaluate", "predictions", {}, model=model or self.model)
        self.jobs["evaluate"] = replace(made, files={"predictions": folder})
        self.datasets["test"] = DataInput(DATA, workspace / "test.csv", "sha256:0")

    def context(self) -> StageContext:
        workspace = self.folder / "job/workspace"
        workspace.mkdir(parents=True, exist_ok=True)
        for number, key in enumerate(self.signed.keys):
            (workspace / f"key-{number}.pub").write_bytes(key)
        self.world.history = History(self.history)
        given: dict[str, Value] = {
            **defaults("deploy"),
            "ready_within": 60,
            "key": [f"key-{number}.pub" for number in range(len(self.signed.keys))],
            **self.settings,
        }
        context = stage_context(
            self.folder / "job",
            job=f"deploy_{self.environment.name}",
            settings=given,
            upstream=self.jobs,
            world=self.world,  # type: ignore[arg-type]
            secrets={secret_variable(name): path for name, path in self.secrets.items()},
            environment=self.environment,
            environments=(STAGING, PRODUCTION),
            log=self.lines.append,
        )
        declared = (
            *(Secret(name, SecretType.FILE) for name in self.secrets),
            *(Secret(name, SecretType.TEXT) for name in self.texts),
        )
        project = Project(name=self.project)
        return replace(context, datasets=self.datasets, project=project, declared_secrets=declared)

    def run(self) -> StageResult:
        return run("deploy", self.context())

    def tags(self) -> set[str]:
        """The tags of the repository."""
        return {str(tag) for each in self.world.repository.layout.index() for tag in each.annotations.values()}


def write_csv(path: Path, rows: list[list[str]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
