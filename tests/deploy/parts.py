"""The real parts of the tests: a cluster, a registry that it pulls from, and images of small model servers."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import tarfile
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from pipeline_kit.adapters.kubernetes.cluster import KubernetesCluster
from pipeline_kit.contract.cluster import Cluster, Kind
from tests.conftest import missing

NAMESPACE = Kind("v1", "Namespace", namespaced=False)
SERVER = Path(__file__).with_name("model_server.py")
BASE = "python:3.11-slim"
DIGESTS = {version: f"sha256:{number * 64}" for version, number in (("v1", "1"), ("v2", "2"))}


def require_cluster() -> KubernetesCluster:
    """The cluster that KUBECONFIG names; skips where none is named."""
    if not os.environ.get("KUBECONFIG"):
        pytest.skip("needs a Kubernetes cluster that KUBECONFIG names")
    return KubernetesCluster(None, None, dict(os.environ), ())


def require_images() -> Any:
    """A client of the Docker engine; skips where there is none, no registry, or no base image."""
    absent = missing("docker-registry")
    if absent:
        pytest.skip(absent)
    import docker

    try:
        engine = docker.from_env()
        engine.images.get(BASE)
    except docker.errors.DockerException as error:
        pytest.skip(f"needs a Docker engine with the image {BASE}: {error}")
    return engine


@contextmanager
def namespace(cluster: Cluster, label: str) -> Iterator[str]:
    """A namespace of its own, deleted without waiting."""
    name = f"pipeline-kit-{label}-{uuid.uuid4().hex[:8]}"
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}, namespace=None)
    try:
        yield name
    finally:
        cluster.delete(NAMESPACE, name, None)


@contextmanager
def registry(storage: Path) -> Iterator[str]:
    """Host and port of a registry on a free loopback port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{free.getsockname()[1]}"
    storage.mkdir(parents=True, exist_ok=True)
    config = storage / f"{host.rpartition(':')[2]}.yml"
    config.write_text(
        f"version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {storage}}}}}\n"
        f"http: {{addr: '{host}', secret: tests}}\n"
    )
    with (storage / "log").open("wb") as log:
        process = subprocess.Popen(["docker-registry", "serve", str(config)], stdout=log, stderr=log)
        try:
            wait_for_registry(host, process)
            yield host
        finally:
            process.terminate()
            process.wait()


def wait_for_registry(host: str, process: subprocess.Popen[bytes]) -> None:
    """Returns when the registry answers."""
    end = time.monotonic() + 20
    while time.monotonic() < end and process.poll() is None:
        try:
            requests.get(f"http://{host}/v2/", timeout=2).raise_for_status()
        except requests.RequestException:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"the registry at {host} does not answer")


def push_servers(engine: Any, host: str) -> dict[str, str]:
    """Builds and pushes an image a version of the model; version to its digest."""
    found = {}
    for version, digest in DIGESTS.items():
        name = f"{host}/fraud-{version}"
        image, _ = engine.images.build(fileobj=build_context(version, digest), custom_context=True, tag=name, rm=True)
        for line in engine.images.push(name, stream=True, decode=True):
            if "error" in line:
                raise AssertionError(line["error"])
            if "aux" in line:
                found[version] = str(line["aux"]["Digest"])
        engine.images.remove(name, noprune=True)
        assert image.id
    return found


def build_context(version: str, digest: str) -> io.BytesIO:
    """A tar archive of the server and its Dockerfile."""
    dockerfile = (
        f"FROM {BASE}\nCOPY server.py /server.py\nENV PORT=8000 VERSION={version} MODEL_DIGEST={digest} "
        'PYTHONUNBUFFERED=1\nUSER 10001:10001\nENTRYPOINT ["python3", "/server.py"]\n'
    )
    files: Mapping[str, bytes] = {"Dockerfile": dockerfile.encode(), "server.py": SERVER.read_bytes()}
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
    target.seek(0)
    return target
