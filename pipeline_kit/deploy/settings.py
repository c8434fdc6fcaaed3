"""The settings of a job that releases, parsed once."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline_kit.contract.settings import flag, mapping, number, text, texts, whole
from pipeline_kit.deploy.destination import READY_WITHIN_SECONDS
from pipeline_kit.deploy.workload import CPU, GPU_RESOURCE, MEMORY
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.frozen import frozen
from pipeline_kit.images.names import PORT


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


def parse_settings(settings: Mapping[str, Value]) -> DeploySettings:
    """The settings as one value. The plan has checked them, so a wrong type is a fault of the kit: TypeError."""
    return DeploySettings(
        strategy=name(settings, "strategy"),
        target=name(settings, "target"),
        image=text(settings, "image"),
        replicas=whole(settings, "replicas") or 1,
        resources=parse_resources(mapping(settings, "resources")),
        port=whole(settings, "port") or PORT,
        pull_secret=text(settings, "pull_secret"),
        serving_variables={name: str(value) for name, value in mapping(settings, "serving_variables").items()},
        manifests=texts(settings, "manifests"),
        ready_within_seconds=number(settings, "ready_within") or READY_WITHIN_SECONDS,
        key=texts(settings, "key"),
        unsigned=flag(settings, "unsigned"),
        read_layers=flag(settings, "read_layers"),
        tag_image=flag(settings, "tag_image"),
        golden_rows=whole(settings, "golden_rows") or 0,
        golden_tolerance=number(settings, "golden_tolerance") or 0.0,
        kubeconfig=text(settings, "kubeconfig"),
        context=text(settings, "context"),
        rollback=flag(settings, "rollback"),
    )


def parse_resources(settings: Mapping[str, Value]) -> Resources:
    """The record `resources`."""
    return Resources(
        cpu=text(settings, "cpu") or CPU,
        memory=text(settings, "memory") or MEMORY,
        gpu=whole(settings, "gpu") or 0,
        gpu_resource=text(settings, "gpu_resource") or GPU_RESOURCE,
    )


def name(settings: Mapping[str, Value], key: str) -> str:
    """A setting that has a default, so that it is always there."""
    value = text(settings, key)
    if value is None:
        raise TypeError(f"setting {key} has no value")
    return value
