"""The Role that docs/how-to/deploy.md shows: it suffices for a release, and names what a release is made of."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline_kit.adapters.kubernetes.cluster import KubernetesCluster
from pipeline_kit.contract.cluster import Cluster, Kind, Object
from pipeline_kit.deploy.failure import ReleaseError
from pipeline_kit.deploy.record import Content, State
from pipeline_kit.deploy.strategies.rolling import ROLLING
from pipeline_kit.deploy.targets.kubernetes.manifests import kit_manifests
from pipeline_kit.deploy.workload import Identity, Workload
from tests.conftest import ROOT
from tests.deploy.real_release import RELEASE, Ground, content_of, deploy, go_back
from tests.deploy.waiting import until
from tests.docs.pages import steps_of

PAGE = ROOT / "docs" / "how-to" / "deploy.md"
FILE = "deployer.yml"
OF_THE_PAGE = "pipeline-kit.flowers"
POD = Kind("v1", "Pod")
SECRET = Kind("v1", "Secret")
TOKEN = "deployer-token"


def documents() -> list[Object]:
    """The page's objects, for the release of these tests."""
    (step,) = [each for each in steps_of(PAGE) if each.what == "file" and each.value == FILE]
    return list(yaml.safe_load_all(step.text.replace(OF_THE_PAGE, f"pipeline-kit.{RELEASE}")))


def rules() -> Sequence[Mapping[str, Any]]:
    """The rules of the page's Role."""
    (role,) = [each for each in documents() if each["kind"] == "Role"]
    found: Sequence[Mapping[str, Any]] = role["rules"]
    return found


def test_the_role_has_every_kind_of_the_kit_s_own_manifests() -> None:
    """Each with what applying and pruning takes, and no kind beside them."""
    wanted = {"get", "create", "patch", "delete"}
    identity = Identity(RELEASE, "sha256:" + "1" * 64, "sha256:" + "2" * 64, "3" * 40, "0.1.0")
    workload = Workload(
        RELEASE, "somewhere", "staging", "registry.example/fraud@sha256:" + "4" * 64, identity, ROLLING.replacement
    )
    allowed = {
        (group, resource)
        for rule in rules()
        if set(rule["verbs"]) == wanted
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }
    made = {(str(each["apiVersion"]).rpartition("/")[0], plural(str(each["kind"]))) for each in kit_manifests(workload)}
    assert allowed == made


@pytest.mark.cluster
@pytest.mark.registry
@pytest.mark.engine
def test_whoever_has_that_role_alone_can_release_fail_and_go_back(ground: Ground, tmp_path: Path) -> None:
    """A first release, an upgrade that prunes, one whose pods crash and that is rolled back, and the way back."""
    deployer = as_deployer(ground, tmp_path)
    assert deploy(ground, own(ground, 2), deployer).revision.number == 1
    assert deploy(ground, own(ground, 1), deployer).revision.number == 2
    with pytest.raises(ReleaseError, match="revision 3 was rolled back"):
        deploy(ground, own(ground, 1, BEHAVIOUR="crash"), deployer)
    pods = deployer.list(POD, ground.namespace)
    assert pods
    for pod in pods:  # a dead container's lines may be gone; what counts is the right
        deployer.logs(ground.namespace, str(pod["metadata"]["name"]), "serve", previous=False, lines=1)
    assert go_back(ground, deployer).revision.rollback_to == 1
    states = [each.state for each in ground.record().revisions]
    assert states == [State.REPLACED, State.REPLACED, State.FAILED, State.LIVE]


@pytest.fixture
def ground(cluster: KubernetesCluster, namespace: str, images: Mapping[str, str]) -> Ground:
    """A namespace with nothing in it."""
    return Ground(cluster, namespace, images)


def own(ground: Ground, replicas: int, **variables: str) -> Content:
    """What the kit makes of a release, and nothing beside it."""
    workload = ground.workload("v1", 1, variables, replicas=replicas)
    return content_of(workload, kit_manifests(workload))


def plural(kind: str) -> str:
    """The word of a kind in a Role."""
    name = kind.lower()
    return f"{name[:-1]}ies" if name.endswith("y") else f"{name}s"


def as_deployer(ground: Ground, folder: Path) -> Cluster:
    """The cluster as the page's ServiceAccount reaches it."""
    for each in (*documents(), token_of_the_account()):
        ground.cluster.apply(each, namespace=ground.namespace)

    def token() -> str | None:
        found = ground.cluster.get(SECRET, TOKEN, ground.namespace)
        return ((found or {}).get("data") or {}).get("token")

    until(lambda: token() is not None, "the cluster writes a token for the account")
    written = base64.b64decode(str(token())).decode()
    config = yaml.safe_load(Path(os.environ["KUBECONFIG"]).read_text(encoding="utf-8"))
    config["users"] = [{"name": each["name"], "user": {"token": written}} for each in config["users"]]
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return KubernetesCluster(path, None, {}, ())


def token_of_the_account() -> Object:
    """A Secret into which the cluster writes a token for the account."""
    metadata = {"name": TOKEN, "annotations": {"kubernetes.io/service-account.name": "deployer"}}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "kubernetes.io/service-account-token"}
