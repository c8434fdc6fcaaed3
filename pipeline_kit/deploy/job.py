"""A job that releases, as plain values: its settings, its environment, and what the jobs before it left."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline_kit.contract.context import DataInput
from pipeline_kit.deploy.settings import DeploySettings
from pipeline_kit.deploy.target import Access
from pipeline_kit.descriptor.model import Environment


@dataclass(frozen=True, slots=True)
class Evaluated:
    """An evaluation before this job: which job made it, of which model, its predictions and the datasets."""

    job: str
    model: object
    predictions: Path
    datasets: tuple[DataInput, ...]


@dataclass(frozen=True, slots=True)
class ReleaseJob:
    """What a job hands to its release. `workspace` has the project's files that the settings name.

    `before` is the environment that must have verified the image already, `pushed` and `released` are the documents
    of the nearest push and release before this job; or None.
    """

    name: str
    project: str
    environment: Environment
    settings: DeploySettings
    access: Access
    workspace: Path
    before: Environment | None = None
    pushed: Path | None = None
    released: Path | None = None
    evaluated: Evaluated | None = None
