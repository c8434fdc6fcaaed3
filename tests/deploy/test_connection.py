"""An API server that fails: what is asked again, what is told, and what is never trusted."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline_kit.adapters.kubernetes.cluster import KubernetesCluster
from pipeline_kit.adapters.kubernetes.connection import RETRY, TIMEOUTS
from pipeline_kit.contract.cluster import Kind
from pipeline_kit.errors import InfrastructureError, ProjectError, UsageError
from tests.deploy.faulty_server import Faults, every, faulty_server
from tests.deploy.waiting import until

SETTINGS = Kind("v1", "ConfigMap")
QUICK: dict[str, Any] = {
    "retry": replace(RETRY, first_seconds=0.02),
    "timeouts": replace(TIMEOUTS, read_seconds=0.5),
}


def settings(name: str, value: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"value": value}}


@pytest.mark.cluster
@pytest.mark.parametrize("fault", ["429", "500", "503", "reset", "lost", "truncated", "stall"])
def test_what_fails_for_a_while_is_asked_again(
    fault: str, cluster: KubernetesCluster, namespace: str, tmp_path: Path
) -> None:
    """Every second request fails, and each operation still does its work once."""
    faults = Faults(every(2, fault))
    with faulty_server(os.environ["KUBECONFIG"], tmp_path, faults) as kubeconfig:
        through = KubernetesCluster(kubeconfig, None, {}, (), **QUICK)
        through.apply(settings(fault, "1"), namespace=namespace)
        found = through.get(SETTINGS, fault, namespace)
        assert found is not None
        assert found["data"] == {"value": "1"}
        through.replace({**found, "data": {"value": "2"}}, namespace=namespace)
        found = cluster.get(SETTINGS, fault, namespace)
        assert found is not None
        assert found["data"] == {"value": "2"}
        through.delete(SETTINGS, fault, namespace)
        until(lambda: cluster.get(SETTINGS, fault, namespace) is None, "it is deleted")
    assert faults.met >= 2


@pytest.mark.cluster
def test_retries_end(cluster: KubernetesCluster, namespace: str, tmp_path: Path) -> None:
    """A server that never answers otherwise is an infrastructure failure that says how often it was asked."""
    with faulty_server(os.environ["KUBECONFIG"], tmp_path, Faults(every(1, "500"))) as kubeconfig:
        through = KubernetesCluster(kubeconfig, None, {}, (), retry=replace(RETRY, tries=3, first_seconds=0.01))
        with pytest.raises(InfrastructureError, match="3 times, the last with 500 etcd leader changed"):
            through.get(SETTINGS, "any", namespace)


@pytest.mark.cluster
def test_credentials_that_are_wrong(cluster: KubernetesCluster, tmp_path: Path) -> None:
    """They are no passing failure."""
    document = yaml.safe_load(Path(os.environ["KUBECONFIG"]).read_text(encoding="utf-8"))
    document["users"][0]["user"] = {"token": "expired"}
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(document), encoding="utf-8")
    with pytest.raises(ProjectError, match=r"refuses .*Unauthorized") as raised:
        KubernetesCluster(kubeconfig, None, {}, ()).list(SETTINGS, None)
    assert "credentials" in (raised.value.hint or "")


@pytest.mark.cluster
def test_a_certificate_of_another_authority(cluster: KubernetesCluster, tmp_path: Path) -> None:
    """It is refused at the first try."""
    with faulty_server(os.environ["KUBECONFIG"], tmp_path, Faults()) as kubeconfig:
        document = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
        real = yaml.safe_load(Path(os.environ["KUBECONFIG"]).read_text(encoding="utf-8"))["clusters"][0]["cluster"]
        document["clusters"][0]["cluster"]["certificate-authority"] = real["certificate-authority"]
        kubeconfig.write_text(yaml.safe_dump(document), encoding="utf-8")
        with pytest.raises(ProjectError, match="certificate is not trusted"):
            KubernetesCluster(kubeconfig, None, {}, ()).list(SETTINGS, None)


def kubeconfig_of(folder: Path, **cluster: Any) -> Path:
    """A kubeconfig that names a cluster at cluster.example."""
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "far", "cluster": {"server": "https://cluster.example:6443", **cluster}}],
        "users": [{"name": "robot", "user": {"token": "secret"}}],
        "contexts": [{"name": "far", "context": {"cluster": "far", "user": "robot"}}],
        "current-context": "far",
    }
    target = folder / "kubeconfig"
    target.write_text(yaml.safe_dump(document), encoding="utf-8")
    return target


@pytest.mark.parametrize(
    ("cluster", "words"),
    [
        ({"insecure-skip-tls-verify": True}, "turns TLS verification off"),
        ({"server": "http://cluster.example:6443"}, "uses plain HTTP"),
    ],
)
def test_unverified_tls_must_be_declared(cluster: dict[str, Any], words: str, tmp_path: Path) -> None:
    """Only a host that the descriptor names may be spoken to without verified TLS."""
    kubeconfig = kubeconfig_of(tmp_path, **cluster)
    with pytest.raises(UsageError, match=words):
        KubernetesCluster(kubeconfig, None, {}, ("other.example:6443",))
    KubernetesCluster(kubeconfig, None, {}, ("cluster.example:6443",))


@pytest.mark.parametrize("text", ["", "[]", "clusters: 7", "a: b: c", "{clusters: [], contexts: []}"])
def test_a_kubeconfig_that_is_none(text: str, tmp_path: Path) -> None:
    """It is told as such, whatever is wrong with it."""
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="no usable kubeconfig"):
        KubernetesCluster(kubeconfig, None, {}, ())


def test_an_unknown_context(tmp_path: Path) -> None:
    """It is told by name."""
    with pytest.raises(UsageError, match="elsewhere"):
        KubernetesCluster(kubeconfig_of(tmp_path), "elsewhere", {}, ())


def test_no_cluster_is_named() -> None:
    """The user's own default is never taken: a release does not go to where somebody happened to look last."""
    with pytest.raises(UsageError, match="no cluster is configured"):
        KubernetesCluster(None, None, {}, ())


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to install."""
    monkeypatch.setitem(sys.modules, "kubernetes.client", None)
    with pytest.raises(UsageError) as raised:
        KubernetesCluster(None, None, {"KUBECONFIG": "any"}, ())
    assert raised.value.hint == 'pip install "pipeline-kit[kubernetes]"'


CONFIG = """
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "SERVER"}}]
users: [{name: u, user: USER}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
"""


def refusal(tmp_path: Path, text: str) -> UsageError:
    """The error of a kubeconfig with that text."""
    path = tmp_path / "kubeconfig"
    path.write_text(text)
    with pytest.raises(UsageError) as raised:
        KubernetesCluster(path, None, {}, ())
    return raised.value


def test_a_password_in_the_address_is_not_shown(tmp_path: Path) -> None:
    """It is refused, since an address stands in every message."""
    text = CONFIG.replace("SERVER", "https://admin:hunter2secret@127.0.0.1:6443").replace("USER", "{token: abc}")
    found = refusal(tmp_path, text)
    assert "name and password in the address of 127.0.0.1:6443" in found.message
    assert "hunter2secret" not in f"{found.message}{found.hint}"


def test_a_kubeconfig_that_is_no_yaml_is_not_quoted(tmp_path: Path) -> None:
    """A parser's complaint has a piece of the file in it."""
    found = refusal(tmp_path, CONFIG.replace("SERVER", "https://c").replace("USER", "{token: *sup3rs3cr3ttoken}"))
    assert "no usable kubeconfig (ComposerError)" in found.message
    assert "sup3rs3cr3t" not in f"{found.message}{found.hint}"


def test_a_command_for_credentials_that_fails(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Nobody goes on anonymously, and what the command said is not shown: it may be a token."""
    words = "command: sh, args: [-c, 'echo leaked-t0ken >&2; exit 1']"
    command = f"{{exec: {{apiVersion: client.authentication.k8s.io/v1, {words}}}}}"
    found = refusal(tmp_path, CONFIG.replace("SERVER", "https://127.0.0.1:1").replace("USER", command))
    assert "yields no credential" in found.message
    shown = capfd.readouterr()
    assert "leaked" not in f"{found.message}{found.hint}{shown.out}{shown.err}"


@pytest.mark.cluster
def test_a_fault_of_the_manifest_that_the_server_takes_for_its_own(cluster: KubernetesCluster, namespace: str) -> None:
    """It is told at the first try, and is the project's: no other try mends it."""
    ports = [{"port": 80}, {"port": 80, "protocol": "UDP"}]
    manifest = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"ports": ports}}
    with pytest.raises(ProjectError) as raised:
        cluster.apply(manifest, namespace=namespace)
    assert "Service a" in raised.value.message
