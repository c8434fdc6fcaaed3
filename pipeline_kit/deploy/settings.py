"""The settings of a job that releases, as values."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline_kit.deploy.workload import CPU, GPU_RESOURCE, MEMORY
from pipeline_kit.frozen import frozen


@frozen
class Resources:
    """What each instance gets, in the units of Kubernetes quantities."""

    cpu: str = CPU
    memory: str = MEMORY
    gpu: int = 0
    gpu_resource: str = GPU_RESOURCE


@frozen
class DeploySettings:
    """The parameters of the stage `deploy`, as its stage.yml explains them; None where a setting may be left out."""

    strategy: str
    target: str
    image: str | None
    replicas: int
    resources: Resources
    port: int
    pull_secret: str | None
    serving_variables: Mapping[str, str]
    manifests: tuple[str, ...]
    ready_within_seconds: float
    key: tuple[str, ...]
    unsigned: bool
    read_layers: bool
    tag_image: bool
    golden_rows: int
    golden_tolerance: float
    kubeconfig: str | None
    context: str | None
    rollback: bool
