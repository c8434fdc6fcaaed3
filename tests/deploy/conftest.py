"""A cluster, a namespace for each module, and images in a registry, where the machine has them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from pipeline_kit.adapters.kubernetes import KubernetesCluster
from tests.deploy import parts
from tests.executors.once import once


@pytest.fixture(scope="session")
def cluster() -> KubernetesCluster:
    """The real cluster."""
    return parts.require_cluster()


@pytest.fixture(scope="module")
def namespace(cluster: KubernetesCluster, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace for the module's releases."""
    label = request.module.__name__.rpartition(".")[2].removeprefix("test_").replace("_", "-")
    with parts.namespace(cluster, label) as name:
        yield name


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """Version to an image by digest, in a registry that the cluster pulls from."""
    engine = parts.require_images()

    def make(folder: Path) -> str:
        with parts.registry(folder) as host:
            return json.dumps({"storage": str(folder), "digests": parts.push_servers(engine, host)})

    made = json.loads(once(tmp_path_factory, "model-servers", make))
    with parts.registry(Path(made["storage"])) as host:
        yield {version: f"{host}/fraud-{version}@{digest}" for version, digest in made["digests"].items()}
