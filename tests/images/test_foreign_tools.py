"""Images of the builder `layers` as other tools see them: skopeo, umoci, and a Docker engine that runs one."""

from __future__ import annotations

import json
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from pipeline_kit.contract.digest import digest_tree
from pipeline_kit.contract.image_documents import read_image
from pipeline_kit.images.oci.archive import as_archive
from pipeline_kit.images.oci.layout import Layout
from tests.conftest import missing
from tests.images.building import BuildWorld, build, built, image_context, make_package

BASE = "python:3.11-slim"
TOOLS = missing("skopeo", "umoci")
SECONDS = 60.0


def ran(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command[0]} says: {done.stderr}"
    return done.stdout


def docker_has_base() -> str:
    """Why there is no engine with the base image; empty where there is one."""
    if missing("docker", "skopeo"):
        return missing("docker", "skopeo")
    done = subprocess.run(["docker", "image", "inspect", BASE], capture_output=True, check=False)
    return "" if done.returncode == 0 else f"needs a Docker engine with {BASE}"


def image(folder: Path, **settings: Any) -> tuple[Path, BuildWorld, Any]:
    make_package(folder / "package.tar")
    world = BuildWorld(folder / "world")
    context = image_context(folder / "job", folder / "package.tar", world, **settings)
    build(context)
    return context.out / "image", world, context


@pytest.mark.slow
@pytest.mark.skipif(bool(TOOLS), reason=TOOLS)
@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_skopeo_and_umoci_read_the_layout(tmp_path: Path, compression: str) -> None:
    """The digest is the same one, and unpacked without root it holds the model that was gated."""
    layout, world, context = image(tmp_path, compression=compression)
    shown = json.loads(ran("skopeo", "inspect", f"oci:{layout}:latest"))
    blobs, read = built(context, world)
    assert shown["Digest"] == read.digest
    assert shown["Labels"] == read.labels
    assert shown["Layers"] == [each.digest for each in read.layers]
    ran("umoci", "unpack", "--rootless", "--image", f"{layout}:latest", str(tmp_path / "bundle"))
    model = tmp_path / "bundle" / "rootfs" / "app" / "model" / "model.json"
    assert digest_tree(model) == read.labels["dev.pipeline-kit.model.digest"]
    config = json.loads((tmp_path / "bundle" / "config.json").read_text())
    assert config["process"]["args"] == ["python3", "-m", "model.serving"]
    copied = tmp_path / "copy"
    ran("skopeo", "copy", "--preserve-digests", f"oci:{layout}:latest", f"oci:{copied}:latest")
    assert read_image(Layout(copied)).digest == read.digest
    as_archive(blobs, read, tmp_path / "image.tar")
    assert json.loads(ran("skopeo", "inspect", f"oci-archive:{tmp_path}/image.tar"))["Digest"] == read.digest


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The base image out of the engine, as a layout."""
    folder = tmp_path_factory.mktemp("base") / "python"
    ran("skopeo", "copy", f"docker-daemon:{BASE}", f"oci:{folder}:latest")
    return folder


@pytest.fixture
def loaded(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """Images and containers to remove again, by name."""
    names: list[str] = []
    yield names
    for each in names:
        subprocess.run(["docker", "rm", "--force", each], capture_output=True, check=False)
        subprocess.run(["docker", "image", "rm", "--force", each], capture_output=True, check=False)


@pytest.mark.engine
@pytest.mark.skipif(bool(docker_has_base()), reason=docker_has_base())
@pytest.mark.parametrize("way", ["docker load", "skopeo copy"])
def test_the_image_runs_under_docker(tmp_path: Path, base: Path, loaded: list[str], way: str) -> None:
    """As a user without rights, with its dependencies and its model, on the port that it exposes."""
    layout, world, context = image(tmp_path, base=f"oci:{base}:latest")
    name = f"pipeline-kit-test-{tmp_path.name.lower().replace('_', '-')[:40]}:{way[:6].strip()}"
    container = name.replace(":", "-")
    loaded += [container, name]
    if way == "docker load":
        as_archive(*built(context, world), tmp_path / "image.tar", names=[name])
        ran("docker", "load", "--input", str(tmp_path / "image.tar"))
    else:
        ran("skopeo", "copy", f"oci:{layout}:latest", f"docker-daemon:{name}")
    port = str(free_port())  # of the machine's own network: an engine in a container may have no bridge
    ran(
        "docker",
        "run",
        "--detach",
        "--name",
        container,
        "--network",
        "host",
        "--env",
        f"PORT={port}",
        "--read-only",
        name,
    )
    assert answer(f"http://127.0.0.1:{port}/") == {"tiny": "1.0", "model": {"threshold": 0.5}}
    assert ran("docker", "exec", container, "id", "-u").strip() == "10001"


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def answer(url: str) -> Any:
    """What a server says as soon as it listens."""
    deadline = monotonic() + SECONDS
    while True:
        try:
            with urllib.request.urlopen(url, timeout=SECONDS) as response:
                return json.load(response)
        except (OSError, HTTPException):
            if monotonic() > deadline:
                raise
            sleep(0.05)
