"""The stage push as the tests run it, and what a registry really has, read past every proxy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from pipeline_kit.adapters.http import Timeouts
from pipeline_kit.adapters.registry import HttpRegistries
from pipeline_kit.catalog import Specs
from pipeline_kit.contract.context import Upstream
from pipeline_kit.contract.image_documents import Image
from pipeline_kit.contract.oci import INDEX, MANIFEST
from pipeline_kit.contract.result import JobRecord, Outcome, OutputRecord, StageResult
from pipeline_kit.images.oci.layout import Layout
from pipeline_kit.retry import Retry
from pipeline_kit.testing.context import stage_context
from tests.images.registry import Registry

RETRY = Retry(first_seconds=0.0, longest_seconds=0.0, tries=4)
TIMEOUTS = Timeouts(connect_seconds=2, read_seconds=0.6)
SBOM, ENVELOPE = b'{"bomFormat": "CycloneDX"}', b'{"payload": "e30=", "signatures": []}'


def registries(
    variables: Mapping[str, str], host: str, cache: Path, lines: list[str] | None = None, retry: Retry = RETRY
) -> HttpRegistries:
    """The client, with that host named as insecure."""
    log = (lines if lines is not None else []).append
    return HttpRegistries(variables, [host], cache, log, retry=retry, timeouts=TIMEOUTS)


@dataclass
class PushWorld:
    """A world with registries and nothing else."""

    known: HttpRegistries

    def registries(self) -> HttpRegistries:
        return self.known


@dataclass
class Push:
    """A job of the stage push: its folder, where the image goes, and the image with what is attached to it."""

    folder: Path
    repository: str
    layout: Layout
    image: Image
    tags: tuple[str, ...] = ("latest",)
    parallel: int = 3
    keep_last: int | None = None
    sbom: bytes = SBOM
    variables: Mapping[str, str] = field(default_factory=dict)
    retry: Retry = RETRY
    lines: list[str] = field(default_factory=list)

    def run(self) -> StageResult:
        """What the stage says. Raises what it raises."""
        host = self.repository.partition("/")[0]
        variables = {"HOME": str(self.folder), **self.variables}
        known = registries(variables, host, self.folder / "cache", self.lines, self.retry)
        files = {"sbom": self.sbom, "attestation": ENVELOPE}
        before = {"image": self.job("image", self.layout.folder)}
        for kind, content in files.items():
            path = self.folder / kind
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            before[kind] = self.job(kind, path)
        settings: dict[str, Any] = {"repository": self.repository, "tags": list(self.tags), "parallel": self.parallel}
        settings["keep_last"] = self.keep_last
        world: Any = PushWorld(known)
        context = stage_context(
            self.folder, job="push", settings=settings, upstream=before, world=world, log=self.lines.append
        )
        return Specs().load_run("push")(context)

    def job(self, kind: str, path: Path) -> Upstream:
        """The job that left that output, which is about the image."""
        outputs = {kind: OutputRecord(path.name, kind, "sha256:" + "0" * 64, 0)}
        record = JobRecord(
            job=kind,
            stage=kind,
            outcome=Outcome.PASSED,
            reason="passed",
            outputs=outputs,
            facts={"image": self.image.digest},
        )
        return Upstream(record, {kind: path})


def document(registry: Registry, path: str, reference: str) -> tuple[str, dict[str, Any]]:
    """Digest and content of a manifest that the registry has."""
    answer = requests.get(
        f"http://{registry.host}/v2/{path}/manifests/{reference}",
        headers={"Accept": f"{MANIFEST}, {INDEX}"},
        timeout=30,
    )
    assert answer.status_code == 200, f"{path}:{reference} {answer.status_code}"
    return answer.headers["Docker-Content-Digest"], answer.json()


def tagged(registry: Registry, path: str) -> dict[str, str]:
    """The digests by tag, but for the tags that list referrers."""
    answer = requests.get(f"http://{registry.host}/v2/{path}/tags/list", timeout=30)
    tags = (answer.json().get("tags") or []) if answer.status_code == 200 else []
    return {tag: document(registry, path, tag)[0] for tag in tags if not tag.startswith("sha256-")}


def whole(registry: Registry, path: str) -> dict[str, str]:
    """The digests by tag; fails where a tag leads to an image that is not whole, or lacks what is attached to it."""
    found = tagged(registry, path)
    for digest in set(found.values()):
        complete(registry, path, digest)
        attached = listed(registry, path, digest)
        assert len(attached) >= 2, f"{digest} is tagged, and {len(attached)} manifests are attached"
        for each in attached:
            complete(registry, path, each)
    return found


def complete(registry: Registry, path: str, digest: str) -> None:
    """Fails where the manifest lacks a blob."""
    _, content = document(registry, path, digest)
    for each in (content["config"], *content["layers"]):
        answer = requests.head(f"http://{registry.host}/v2/{path}/blobs/{each['digest']}", timeout=30)
        assert answer.status_code == 200
        assert int(answer.headers["Content-Length"]) == each["size"]


def listed(registry: Registry, path: str, digest: str) -> set[str]:
    """The digests of what is attached to a manifest."""
    _, content = document(registry, path, digest.replace(":", "-"))
    return {each["digest"] for each in content["manifests"]}
