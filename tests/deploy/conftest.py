"""A cluster, a namespace for each module, and images in a registry, where the machine has them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from pipeline_kit.adapters.kubernetes.cluster import KubernetesCluster
from tests.deploy import parts
from tests.deploy.real_release import Ground
from tests.deploy.standing import Standing
from tests.deploy.stories import tell_all
from tests.executors.once import chosen, once


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


@pytest.fixture(scope="session")
def stand(cluster: KubernetesCluster, images: Mapping[str, str]) -> Iterator[Standing]:
    """The release that all tests of this process try to break."""
    with ExitStack() as namespaces:
        yield Standing(cluster, images, namespaces)


@pytest.fixture
def standing(stand: Standing) -> Standing:
    """A release that is live and whole, as the test before left it."""
    return stand.prepare()


@pytest.fixture(scope="session")
def ends(
    cluster: KubernetesCluster,
    images: Mapping[str, str],
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Mapping[str, str]:
    """What went wrong in each story of this run, which are told all at the same time; nothing where it went well."""
    names = chosen(request, "trouble")
    modules = {each.module: None for each in request.session.items if each.module.__name__.endswith("_on_a_cluster")}
    told = {name: story for module in modules for name, story in getattr(module, "STORIES", {}).items()}

    def tell(folder: Path) -> str:
        return json.dumps(tell_all({name: told[name] for name in names}, Ground(cluster, "", images), folder))

    return dict(json.loads(once(tmp_path_factory, "stories", tell)))


@pytest.fixture
def ended_whole(count: Callable[[str, int], None]) -> Callable[[], None]:
    """Counts a fault that has ended on the old or the new release, whole."""
    return lambda: count("faults of releases on the cluster, each ended on the old or the new release, whole", 1)
