"""The push as a job: what belongs together goes up together, and what is deployed is never swept away."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from pipeline_kit.adapters.registry import HttpRegistries
from pipeline_kit.catalog import Specs
from pipeline_kit.contract.context import StageContext
from pipeline_kit.contract.image_documents import read_image
from pipeline_kit.contract.oci import Repository
from pipeline_kit.contract.result import Outcome, OutputRecord
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.errors import ModelError
from pipeline_kit.images.names import LABEL_COMMIT_TIME, LABEL_REVISION
from pipeline_kit.testing.context import stage_context, upstream
from tests.images.registry import Registry
from tests.scan.pictures import Entry, Layer, Picture
from tests.stages.judging import run

pytestmark = pytest.mark.registry


@dataclass
class PushWorld:
    """A world with one registry in it."""

    registry: Registry
    folder: Path

    def registries(self) -> HttpRegistries:
        return HttpRegistries({"HOME": str(self.folder)}, [self.registry.host], self.folder / "blobs", lambda _: None)

    def repository(self, name: str) -> Repository:
        return self.registries().repository(f"{self.registry.host}/{name}")


def make(
    folder: Path,
    registry: Registry,
    repository: str,
    number: int = 1,
    facts: Mapping[str, str] | None = None,
    **settings: Value,
) -> tuple[StageContext, str]:
    """The job after one that built the image of commit `number`, and the image's digest; `facts` of other jobs."""
    layout = folder / "image" / "image"
    labels = {LABEL_REVISION: f"{number:040d}", LABEL_COMMIT_TIME: str(number)[:12]}  # no time has more digits
    picture = Picture([Layer([Entry("app/code/serving.py", b"%d\n" % number)], "code")], labels=labels)
    _, image = picture.write(layout)
    before = upstream(folder, "image", "image", {}, facts={"image": image.digest})
    record = replace(before.record, outputs={"image": OutputRecord("image", "image", image.digest, 1)})
    jobs = {"image": replace(before, record=record, files={"image": layout})}
    for kind, about in (facts or {}).items():
        path = folder / f"{kind}.json"
        path.write_text(json.dumps({"kind": kind}))
        told = {"image": image.digest if about == "same" else about}
        jobs[kind] = upstream(folder / "up", kind, kind, {kind: (kind, path)}, facts=told)
    defaults = {each.name: each.default for each in Specs()["push"].parameters if each.default is not None}
    given: dict[str, Value] = {**defaults, "repository": f"{registry.host}/{repository}", **settings}
    world = PushWorld(registry, folder / "cache")
    return stage_context(folder, settings=given, upstream=jobs, world=world), image.digest


def test_the_image_goes_up_with_what_is_attached_to_it(registry: Registry, tmp_path: Path) -> None:
    """By digest, under the commit's tag and the wanted ones; pushed again, nothing is sent."""
    context, digest = make(tmp_path, registry, "push/whole", facts={"sbom": "same"}, tags=["latest", "1.0"])
    result = run("push", context)
    assert result.outcome is Outcome.PASSED
    document = json.loads((context.out / "pushed.json").read_text())
    assert document["image"] == f"{registry.host}/push/whole@{digest}"
    assert document["tags"] == ["build-000000000000", "latest", "1.0"]
    target = PushWorld(registry, tmp_path / "other").repository("push/whole")
    assert {target.manifest(tag).digest for tag in document["tags"]} == {digest}
    assert [each.digest for each in target.referrers(digest)] == [document["sbom"]]
    assert document["attestation"] is None
    again = run("push", context)
    assert (again.measurements["blobs_sent"], again.measurements["bytes_sent"]) == (0, 0)


@pytest.mark.parametrize("kind", ["sbom", "attestation"])
def test_what_is_of_another_image_stays_here(registry: Registry, tmp_path: Path, kind: str) -> None:
    """An SBOM or an attestation of another image is refused before the first byte leaves."""
    context, _ = make(tmp_path, registry, f"push/other-{kind}", facts={kind: "sha256:" + "0" * 64})
    with pytest.raises(ModelError, match=f"the {kind} of {kind} is of sha256:000"):
        run("push", context)
    assert PushWorld(registry, tmp_path).repository(f"push/other-{kind}").tags() == ()


def test_a_layout_that_was_changed_since_is_refused(registry: Registry, tmp_path: Path) -> None:
    """What is pushed is what the job before has built."""
    context, digest = make(tmp_path, registry, "push/changed")
    built = context.upstream["image"]
    record = replace(built.record, facts={"image": "sha256:" + "1" * 64})
    changed = replace(context, upstream={"image": replace(built, record=record)})
    with pytest.raises(ModelError, match=f"the layout holds {digest}, but image built sha256:111"):
        run("push", changed)


def test_old_builds_go_and_whatever_else_has_a_name_stays(registry: Registry, tmp_path: Path) -> None:
    """The newest `keep_last` builds stay, and every image that a person or a release has named."""
    target = PushWorld(registry, tmp_path).repository("push/kept")
    digests = []
    for number in range(10, 50, 10):  # the commit's first twelve letters are its tag, so they differ too
        folder = tmp_path / str(number)
        commit = int(f"{number}{'0' * 38}")
        context, digest = make(folder, registry, "push/kept", commit, tags=[], keep_last=4)
        run("push", context)
        digests.append(digest)
    target.push_manifest(target.manifest(digests[0]), "deployed-production-1")
    context, newest = make(tmp_path / "last", registry, "push/kept", int("5" + "0" * 39), tags=["latest"], keep_last=2)
    result = run("push", context)
    assert result.measurements["images_removed"] == 1
    left = {target.manifest(tag).digest for tag in target.tags() if not tag.startswith("sha256-")}
    assert left == {digests[0], digests[2], digests[3], newest}
    assert read_image(target, "deployed-production-1").digest == digests[0]
