"""The kit's own manifests: golden, valid in old and new clusters, and the same names whatever the project's."""

from __future__ import annotations

import importlib
import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline_kit.adapters.kubernetes.cluster import KubernetesCluster
from pipeline_kit.deploy.targets.kubernetes.api_versions import served
from pipeline_kit.deploy.targets.kubernetes.labels import label_value, object_name
from pipeline_kit.deploy.targets.kubernetes.manifests import kit_manifests
from pipeline_kit.deploy.targets.kubernetes.order import in_order
from pipeline_kit.deploy.workload import Identity, Workload
from pipeline_kit.scan.manifests import check_manifests
from tests.deploy.releases import workload

GOLDEN = Path(__file__).with_name("golden")
VARIABLES = {"GREETING": "costs $(PORT) or $$5", "MAX_ROWS": "100", "PORT": "1"}
CASES = {
    "plain": workload(),
    "single": workload(replicas=1, environment="production", port=9000, variables=VARIABLES),
    "gpu": workload(gpu=2, gpu_resource="amd.com/gpu", cpu="2", memory="8Gi", replicas=4),
}
NAME = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
LABEL = re.compile(r"([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?")


@pytest.mark.parametrize("case", sorted(CASES))
def test_manifests_are_the_golden_ones(case: str) -> None:
    """To the byte; PIPELINE_KIT_UPDATE_GOLDEN=1 writes them anew, for a person to read the diff."""
    path = GOLDEN / f"{case}.yaml"
    text = yaml.safe_dump_all(kit_manifests(CASES[case]), sort_keys=True, width=110)
    if os.environ.get("PIPELINE_KIT_UPDATE_GOLDEN") == "1" and "CI" not in os.environ:
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.parametrize("age", [0, -1])
def test_golden_manifests_have_fields_that_kubernetes_knows(age: int) -> None:
    """By the schemas of the oldest and the newest release that the library has, strictly; 1.20 is a real cluster."""
    schemas: Any = pytest.importorskip("kubernetes_validate")
    known: Any = importlib.import_module("kubernetes_validate.utils")
    version = str(known.major_minor(list(known.all_versions())[age]))
    for path in sorted(GOLDEN.glob("*.yaml")):
        for each in yaml.safe_load_all(path.read_text()):
            assert schemas.validate(each, version, strict=True)


@pytest.mark.cluster
def test_a_real_cluster_takes_the_manifests(cluster: KubernetesCluster, namespace: str) -> None:
    """A dry run by its API server, each object in the version that it serves, comes back with the same content."""
    manifests = in_order(kit_manifests(workload(namespace=namespace, variables=VARIABLES)))
    for manifest, kind in served(manifests, cluster.kinds()):
        answer = cluster.apply(manifest, namespace=namespace, dry_run=True)
        assert answer["metadata"]["name"] == manifest["metadata"]["name"]
        assert kind.namespaced
        assert cluster.get(kind, manifest["metadata"]["name"], namespace) is None


def test_selectors_are_the_same_in_every_release() -> None:
    """Kubernetes lets nobody change a Deployment's selector, and a Service must never lose its pods."""
    other = Identity("fraud_detection", "sha256:" + "9" * 64, "sha256:" + "8" * 64, "7" * 40, "0.9.0")
    old, new = kit_manifests(workload()), kit_manifests(workload(identity=other, environment="production", image="b"))
    assert [selectors(each) for each in old] == [selectors(each) for each in new]
    template = new[-1]["spec"]["template"]["metadata"]["labels"]
    assert selectors(new[-1]).items() <= template.items()


def selectors(manifest: Any) -> Any:
    spec = manifest.get("spec") or {}
    found = spec.get("selector") or spec.get("podSelector") or {}
    return found.get("matchLabels", found)


@pytest.mark.parametrize(
    "name", ["fraud", "Fraud_Detection.v2", "1st", "-_-", "ärger", "x" * 200, "a" * 49 + "_b", "7"]
)
def test_names_and_labels_are_valid_whatever_the_project_is_called(name: str) -> None:
    """Names begin with a letter, as those of Services must; label values are short."""
    identity = Identity(name, "sha256:" + "1" * 64, "none", f"{name} dirty", "0.1.0+local")
    for each in kit_manifests(workload(release=name, environment=name, identity=identity)):
        metadata = each["metadata"]
        assert NAME.fullmatch(metadata["name"])
        assert all(LABEL.fullmatch(value) for value in metadata["labels"].values())
        assert metadata["annotations"]["pipeline-kit.dev/project"] == name


def test_names_that_lose_more_than_case_stay_apart() -> None:
    """A digest tells two long names apart."""
    assert object_name("fraud_detection") == "fraud-detection"
    assert object_name("x" * 60 + "a") != object_name("x" * 60 + "b")
    assert object_name("preis/äöü") != object_name("preis/äöö")


def test_digests_are_short_in_labels_and_whole_in_annotations() -> None:
    """A label takes 63 characters, and a digest has 71."""
    metadata = kit_manifests(workload())[0]["metadata"]
    assert metadata["labels"]["pipeline-kit.dev/model"] == "1f" * 8
    assert metadata["annotations"]["pipeline-kit.dev/model-digest"] == "sha256:" + "1f" * 32
    assert label_value("feature/x y!") == "feature-x-y"


def test_a_newer_kit_alone_replaces_no_pod() -> None:
    """Its version is on the objects and not on the pods."""
    made: list[Workload] = [
        workload(identity=Identity("fraud", "sha256:" + "1" * 64, "sha256:" + "2" * 64, "3" * 40, kit))
        for kit in ("0.1.0", "0.2.0")
    ]
    old, new = (kit_manifests(each)[-1] for each in made)
    assert old["metadata"]["annotations"] != new["metadata"]["annotations"]
    assert old["spec"] == new["spec"]


def test_the_kits_own_scan_finds_nothing_unsafe() -> None:
    """By the pod security standards that it holds projects' manifests to."""
    for path in sorted(GOLDEN.glob("*.yaml")):
        assert check_manifests(path.read_text(), path.name) == []
