"""The settings of a job that releases, parsed once."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline_kit.contract.settings import flag, mapping, number, text, texts, whole
from pipeline_kit.deploy.destination import READY_WITHIN_SECONDS
from pipeline_kit.deploy.settings import DeploySettings, Resources
from pipeline_kit.deploy.workload import CPU, GPU_RESOURCE, MEMORY
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.images.names import PORT


def settings_of(given: Mapping[str, Value]) -> DeploySettings:
    """The job's settings, parsed."""
    return DeploySettings(
        strategy=name(given, "strategy"),
        target=name(given, "target"),
        image=text(given, "image"),
        replicas=whole(given, "replicas", 1),
        resources=resources_of(mapping(given, "resources")),
        port=whole(given, "port", PORT),
        pull_secret=text(given, "pull_secret"),
        serving_variables={key: str(value) for key, value in mapping(given, "serving_variables").items()},
        manifests=texts(given, "manifests"),
        ready_within_seconds=number(given, "ready_within", READY_WITHIN_SECONDS),
        key=texts(given, "key"),
        unsigned=flag(given, "unsigned"),
        read_layers=flag(given, "read_layers"),
        tag_image=flag(given, "tag_image"),
        golden_rows=whole(given, "golden_rows", 0),
        golden_tolerance=number(given, "golden_tolerance", 0.0),
        kubeconfig=text(given, "kubeconfig"),
        context=text(given, "context"),
        rollback=flag(given, "rollback"),
    )


def resources_of(given: Mapping[str, Value]) -> Resources:
    """The record `resources`."""
    return Resources(
        cpu=text(given, "cpu", CPU),
        memory=text(given, "memory", MEMORY),
        gpu=whole(given, "gpu", 0),
        gpu_resource=text(given, "gpu_resource", GPU_RESOURCE),
    )


def name(given: Mapping[str, Value], key: str) -> str:
    """A setting that has a default, so that it is always there."""
    value = text(given, key)
    if value is None:
        raise TypeError(f"setting {key} has no value")
    return value
