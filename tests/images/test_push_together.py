"""Pushes at once: of one image, of two images to one tag; blobs that come from next door; progress that adds up."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline_kit.adapters.registry import upload
from pipeline_kit.errors import InfrastructureError
from pipeline_kit.images.oci.push import Way, push_image
from tests.images.faulty_registry import ALWAYS, Fault, Plan, faulty_registry
from tests.images.pushing import RETRY, Push, listed, registries, tagged, whole
from tests.images.registry import Registry
from tests.images.test_push_faults import BLOB, CHUNK, UPLOADS, layers
from tests.images.test_registry import make_image

pytestmark = pytest.mark.registry
WAITING = replace(RETRY, tries=6, first_seconds=0.05, longest_seconds=1.0)
"""Debian's registry answers 500 to who reads a tag in the instant in which it is written."""


def outcome(push: Push) -> str:
    """Complete, in at most three runs, or how the last one failed.

    Debian's registry writes its links in place: who reads one in that instant is told 500, or that a blob is unknown.
    """
    said = ""
    for _ in range(3):
        try:
            push.run()
        except InfrastructureError as error:
            said = error.message
        else:
            return "complete"
    return said


@pytest.mark.parametrize("cache", ["one cache", "two caches"])
def test_two_pushes_of_one_image_both_complete(cache: str, registry: Registry, tmp_path: Path) -> None:
    """On one machine the second waits for the first's uploads; on two the registry takes both."""
    layout, image = make_image(tmp_path / "image", *layers(cache))
    path, plan = f"together/{cache.replace(' ', '-')}", Plan()
    folders = [tmp_path / "a", tmp_path / ("a" if cache == "one cache" else "b")]
    with faulty_registry(registry.port, plan) as proxy, ThreadPoolExecutor(2) as pool:
        pushes = [Push(folder, f"{proxy}/{path}", layout, image, retry=WAITING) for folder in folders]
        assert set(pool.map(outcome, pushes)) == {"complete"}
    assert whole(registry, path) == {"latest": image.digest}
    if cache == "one cache":
        blobs = sum(each.size for each in (image.config_descriptor, *image.layers))
        assert plan.bytes_sent < blobs + 500


def test_two_images_to_one_tag_end_at_one_of_them(
    registry: Registry, tmp_path: Path, count: Callable[[str, int], None]
) -> None:
    """Whole; the other push is complete too, or says that the tag is not what it wrote."""
    images = [make_image(tmp_path / name, *layers(name, 500)) for name in ("first", "second")]
    for number in range(5):
        pushes = [
            Push(tmp_path / f"{number}{index}", f"{registry.host}/together/tag{number}", layout, image, retry=WAITING)
            for index, (layout, image) in enumerate(images)
        ]
        with ThreadPoolExecutor(2) as pool:
            outcomes = list(pool.map(outcome, pushes))
        found = whole(registry, f"together/tag{number}")
        assert found["latest"] in {image.digest for _, image in images}
        assert "complete" in outcomes
        assert {each for each in outcomes if "the tag does not point to the pushed image" not in each} == {"complete"}
        count("races of two images for one tag", 1)


def test_two_attachments_at_once_are_both_listed(registry: Registry, tmp_path: Path) -> None:
    """Two jobs bring SBOMs of their own: a job completes only when its own is listed."""
    layout, image = make_image(tmp_path / "image", *layers("attached", 500))
    contents = [b'{"bill": %d}' % number for number in range(2)]
    pushes = [
        Push(tmp_path / str(number), f"{registry.host}/together/attached", layout, image, sbom=content, retry=WAITING)
        for number, content in enumerate(contents)
    ]
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(outcome, pushes))
    for push, ended in zip(pushes, outcomes, strict=True):
        assert ended == "complete"
        push.run()
    assert len(listed(registry, "together/attached", image.digest)) == 3


def test_a_mount_that_is_refused_or_cannot_be_undone_ends_as_an_upload(registry: Registry, tmp_path: Path) -> None:
    """The registry begins an upload in its place, and does not take it back."""
    layout, image = make_image(tmp_path / "image", *layers("mounted", 500))
    for name, fault in (
        ("403", Fault("status", "POST", "mount=", "403")),
        ("202", Fault("header", "POST", "mount=", "X: y", times=ALWAYS)),
    ):
        plan = Plan((fault, Fault("reset_before", "DELETE", times=ALWAYS)))
        with faulty_registry(registry.port, plan) as proxy:
            target = registries({}, proxy, tmp_path / name).repository(f"{proxy}/together/mount{name}")
            elsewhere = {image.layers[0].digest: f"{proxy}/together/nowhere"}
            pushed = push_image(layout, image, target, elsewhere=elsewhere, tags=("latest",))
        assert pushed.ways[image.layers[0].digest] is Way.SENT
        assert plan.met
        assert tagged(registry, f"together/mount{name}") == {"latest": image.digest}


@pytest.mark.parametrize("parallel", [1, 8])
def test_progress_adds_up_through_failures(
    parallel: int, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pieces that are lost are taken back from the count: it ends at all bytes, and never shows more."""
    monkeypatch.setattr(upload, "CHUNK", CHUNK)
    layout, image = make_image(tmp_path / "image", *layers(f"progress {parallel}", *[3 * CHUNK] * 5))
    faults = (
        Fault("status", "PATCH", UPLOADS, "404", nth=3, times=2),
        Fault("reset_middle", "PATCH", UPLOADS, nth=8),
        Fault("reset_after", "PUT", UPLOADS, nth=2),
        Fault("swallow", "PATCH", UPLOADS, "202", nth=12),
        Fault("reset_before", "HEAD", BLOB, nth=3),
    )
    lines: list[str] = []
    with faulty_registry(registry.port, Plan(faults)) as proxy:
        target = registries({}, proxy, tmp_path / "cache").repository(f"{proxy}/together/progress{parallel}")
        push_image(layout, image, target, parallel=parallel, tell=lines.append)
    shown = [float(line.split()[1]) for line in lines]
    total = sum(each.size for each in (image.config_descriptor, *image.layers)) / 1e6
    assert shown == sorted(shown)
    assert shown[-1] == round(total, 1)
    assert all(line.endswith(f"of {total:.1f} MB") for line in lines)
