"""A push to a registry that fails: it ends complete, or says so and goes on the next time; nothing is half-tagged."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline_kit.adapters.registry import upload
from pipeline_kit.contract.image_documents import Image, read_image
from pipeline_kit.errors import Category, InfrastructureError
from pipeline_kit.images.oci.attach import read_payload
from pipeline_kit.images.oci.layout import Layout
from tests.images.faulty_registry import ALWAYS, Fault, Plan, faulty_registry
from tests.images.pushing import ENVELOPE, RETRY, SBOM, Push, listed, registries, tagged, whole
from tests.images.registry import Registry
from tests.images.test_registry import make_image

pytestmark = pytest.mark.registry
CHUNK = 40_000
OTHER = "sha256:" + "d" * 64
BLOB, UPLOADS, MANIFEST, REFERRERS = "/blobs/sha256", "/blobs/uploads/", "/manifests/", "/manifests/sha256-"
TAG = "/manifests/latest"

ONCE = [
    Fault("reset_before", "HEAD", BLOB),
    Fault("status", "HEAD", BLOB, "500", times=2),
    Fault("status", "HEAD", BLOB, "401"),
    Fault("status", "HEAD", BLOB, "403"),
    Fault("swallow", "HEAD", BLOB, "200"),
    Fault("stall", "HEAD", BLOB),
    Fault("garbage", "HEAD", BLOB),
    Fault("reset_before", "POST", UPLOADS),
    Fault("reset_after", "POST", UPLOADS),
    Fault("status", "POST", UPLOADS, "429 Retry-After: 1"),
    Fault("status", "POST", UPLOADS, "429"),
    Fault("status", "POST", UPLOADS, "429 Retry-After: \u00b2"),
    Fault("status", "POST", UPLOADS, "404"),
    Fault("header", "POST", UPLOADS, "Location: "),
    Fault("header", "POST", UPLOADS, "Location: https://[never"),
    Fault("header", "POST", UPLOADS, "Location: http://elsewhere.example/upload"),
    Fault("header", "POST", UPLOADS, "Location: gopher://elsewhere.example/upload"),
    Fault("redirect", "POST", UPLOADS, times=ALWAYS),
    Fault("html", "POST", UPLOADS),
    Fault("reset_before", "PATCH", UPLOADS, nth=2),
    Fault("reset_middle", "PATCH", UPLOADS, nth=2),
    Fault("reset_after", "PATCH", UPLOADS, nth=2),
    Fault("status", "PATCH", UPLOADS, "416", nth=2),
    Fault("status", "PATCH", UPLOADS, "404", nth=2),
    Fault("status", "PATCH", UPLOADS, "429 Retry-After: 1", nth=2),
    Fault("status", "PATCH", UPLOADS, "500", nth=2, times=2),
    Fault("status", "PATCH", UPLOADS, "413", nth=2),
    Fault("stall", "PATCH", UPLOADS, nth=2),
    Fault("header", "PATCH", UPLOADS, "Range: 0-10", nth=2),
    Fault("header", "PATCH", UPLOADS, "Range: 0-99999999999", nth=2),
    Fault("header", "PATCH", UPLOADS, "Range: bytes", nth=2),
    Fault("swallow", "PATCH", UPLOADS, "202", nth=2),
    Fault("huge", "PATCH", UPLOADS, "202", nth=2),
    Fault("reset_before", "PUT", UPLOADS),
    Fault("reset_after", "PUT", UPLOADS),
    Fault("swallow", "PUT", UPLOADS, "201"),
    Fault("status", "PUT", UPLOADS, "503"),
    Fault("status", "PUT", UPLOADS, "404"),
    Fault("html", "PUT", UPLOADS, "502"),
    Fault("stall", "PUT", UPLOADS),
    Fault("reset_before", "PUT", MANIFEST),
    Fault("reset_after", "PUT", MANIFEST),
    Fault("swallow", "PUT", MANIFEST, "201"),
    Fault("header", "PUT", MANIFEST, f"Docker-Content-Digest: {OTHER}"),
    Fault("status", "PUT", MANIFEST, "500", times=3),
    Fault("reset_after", "PUT", REFERRERS),
    Fault("swallow", "PUT", REFERRERS, "201"),
    Fault("short", "GET", REFERRERS, nth=2),
    Fault("chunked_cut", "GET", REFERRERS, nth=2),
    Fault("stall_middle", "GET", REFERRERS, nth=2),
    Fault("html", "GET", REFERRERS, nth=2),
    Fault("html", "GET", "/referrers/"),
    Fault("text", "GET", "/referrers/", '{"manifests": [{"digest": 1}]}'),
    Fault("text", "GET", "/referrers/", "[" * 5000),
    Fault("huge", "GET", "/referrers/"),
    Fault("header", "PUT", MANIFEST, f"OCI-Subject: {OTHER}", times=ALWAYS),
    Fault("reset_after", "PUT", TAG),
    Fault("swallow", "PUT", TAG, "201"),
    Fault("short", "GET", TAG),
    Fault("chunked_cut", "GET", TAG),
    Fault("html", "GET", TAG),
    Fault("status", "GET", TAG, "404"),
    Fault("header", "GET", TAG, f"Docker-Content-Digest: {OTHER}"),
]
FOR_GOOD = [
    Fault("reset_before", times=ALWAYS, nth=14),
    Fault("status", value="401", times=ALWAYS, nth=9),
    Fault("status", value="429", times=ALWAYS, nth=20),
    Fault("status", "PATCH", UPLOADS, "503", times=ALWAYS),
    Fault("status", "PUT", TAG, "500", times=ALWAYS),
    Fault("reset_middle", "PATCH", UPLOADS, times=ALWAYS),
    Fault("swallow", "PUT", UPLOADS, "201", times=ALWAYS),
    Fault("redirect", "PUT", MANIFEST, times=ALWAYS),
    Fault("html", "GET", MANIFEST, times=ALWAYS),
    Fault("huge", value="500", times=ALWAYS, nth=6),
]
SIX = [
    ("status", "401"),
    ("status", "429"),
    ("status", "500"),
    ("reset_before", ""),
    ("reset_middle", ""),
    ("short", ""),
    ("stall", ""),
]
"""The ways in which a registry fails that every request of a push meets: a login, a limit, a fault, and a connection
that is reset (before the request, or in its middle), cut off in the answer, or silent."""
REQUESTS = [("HEAD", BLOB), ("POST", UPLOADS), ("PATCH", UPLOADS), ("PUT", UPLOADS), ("PUT", MANIFEST), ("PUT", TAG)]
EVERYWHERE = [
    Fault(kind, method, path, value, times=times)
    for kind, value in SIX
    for method, path in REQUESTS
    for times in (1, ALWAYS)
]


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """A layer of the tests takes several pieces, as one of gigabytes does."""
    monkeypatch.setattr(upload, "CHUNK", CHUNK)


@pytest.mark.parametrize("fault", dict.fromkeys((*ONCE, *FOR_GOOD, *EVERYWHERE)), ids=str)
def test_a_push_ends_complete_or_goes_on_the_next_time(
    fault: Fault, registry: Registry, tmp_path: Path, count: Callable[[str, int], None]
) -> None:
    """Whatever fails: the tag leads to the old image or the new one, whole; then the same push completes."""
    path = "faults/" + hashlib.sha256(str(fault).encode()).hexdigest()[:12]
    _, old = pushed_before(registry, path, tmp_path / "old")
    layout, new = make_image(tmp_path / "new", *layers(str(fault)))
    plan = Plan((fault,))
    with faulty_registry(registry.port, plan) as proxy:
        push = Push(tmp_path / "job", f"{proxy}/{path}", layout, new)
        try:
            push.run()
        except InfrastructureError as error:
            assert proxy in error.message and error.hint
            count("pushes that ended with exit 3, and the tag whole", 1)
        else:
            assert tagged(registry, path)["latest"] == new.digest
            count("pushes that ended complete through the fault", 1)
        assert plan.met
        found = whole(registry, path)
        assert found["latest"] in (old.digest, new.digest)
        plan.faults = ()
        result = push.run()
    assert whole(registry, path)["latest"] == new.digest
    assert {result.facts["sbom"], result.facts["attestation"]} == listed(registry, path, new.digest)
    pulled_back(registry, path, layout, new, tmp_path / "pulled")


def test_what_fails_for_good_ends_with_exit_code_3(registry: Registry, tmp_path: Path) -> None:
    """The category that the command line turns into 3; the hint says what to do."""
    layout, image = make_image(tmp_path / "new", b"layer")
    plan = Plan((Fault("status", value="503", times=ALWAYS),))
    with faulty_registry(registry.port, plan) as proxy, pytest.raises(InfrastructureError) as caught:
        Push(tmp_path / "job", f"{proxy}/faults/category", layout, image).run()
    assert caught.value.category is Category.INFRASTRUCTURE
    assert caught.value.hint == "run the same command again: it resumes from here"


def test_many_faults_at_random(registry: Registry, tmp_path: Path, count: Callable[[str, int], None]) -> None:
    """Two requests in five fail, each time in another way: run after run comes further, and one completes."""
    layout, image = make_image(tmp_path / "new", *layers("random"))
    kinds = ("reset_before", "reset_middle", "reset_after", "garbage", "status", "short", "chunked_cut", "html")
    dice, short = random.Random(5), replace(RETRY, tries=2)
    for _ in range(40):
        faults = tuple(Fault(dice.choice(kinds), value="503", nth=number) for number in range(1, 300))
        plan = Plan(tuple(each for each in faults if dice.random() < 0.4))
        with faulty_registry(registry.port, plan) as proxy:
            try:
                Push(tmp_path / "job", f"{proxy}/faults/random", layout, image, retry=short).run()
            except InfrastructureError:
                assert not tagged(registry, "faults/random") or whole(registry, "faults/random")
            else:
                break
            finally:
                count("faults at random", plan.met)
                count("runs until a push completed, two requests in five failing", 1)
    else:
        pytest.fail("no run completed")
    assert whole(registry, "faults/random")["latest"] == image.digest


def test_only_what_is_missing_is_sent_again(
    registry: Registry, tmp_path: Path, count: Callable[[str, int], None]
) -> None:
    """A push that broke off at the third piece: the next one begins with the third piece."""
    layout, image = make_image(tmp_path / "new", layers("resumed", 10 * CHUNK)[0])
    plan = Plan((Fault("reset_before", nth=14, times=ALWAYS),))
    with faulty_registry(registry.port, plan) as proxy:
        push = Push(tmp_path / "job", f"{proxy}/faults/resumed", layout, image, parallel=1)
        with pytest.raises(InfrastructureError):
            push.run()
        first, plan.bytes_sent, plan.faults = plan.bytes_sent, 0, ()
        push.run()
        config = image.config_descriptor.size
        extra = first + plan.bytes_sent - 10 * CHUNK - config - len(SBOM) - len(ENVELOPE) - len(b"{}")
    assert first >= 3 * CHUNK
    assert 0 <= extra <= CHUNK
    count("bytes sent again of a push of 400000 that broke off", extra)


def test_a_location_on_another_host_gets_no_login(registry: Registry, tmp_path: Path) -> None:
    """Neither by a redirect, nor as the place of an upload, nor by its own challenge."""
    layout, image = make_image(tmp_path / "new", *layers("away"))
    away, here = Plan((Fault("status", value='401 WWW-Authenticate: Basic realm="x"', times=ALWAYS),)), Plan()
    variables = {"PIPELINE_KIT_SECRET_R_USERNAME": "ci", "PIPELINE_KIT_SECRET_R_PASSWORD": "hunter2hunter2"}
    with faulty_registry(registry.port, away) as other, faulty_registry(registry.port, here) as proxy:
        for kind, value in (("redirect", f"http://{other}/v2/x"), ("header", f"Location: http://{other}/v2/x")):
            challenge = Fault("status", "HEAD", BLOB, '401 WWW-Authenticate: Basic realm="x"')
            here.faults = (challenge, Fault(kind, "POST", UPLOADS, value, times=ALWAYS))
            here.counts.clear()
            push = Push(tmp_path / "job", f"{proxy}/faults/away", layout, image, variables=variables)
            with pytest.raises(InfrastructureError) as caught:
                push.run()
            assert "hunter2" not in caught.value.message
        assert any(login for _, _, login in here.seen)
    assert not any(login for _, _, login in away.seen)


def layers(seed: str, *sizes: int) -> list[bytes]:
    """Layers of these sizes, the same for the same seed."""
    dice = random.Random(seed)
    return [dice.randbytes(size) for size in sizes or (2 * CHUNK + 500, CHUNK + 1, 100)]


def pushed_before(registry: Registry, path: str, folder: Path) -> tuple[Layout, Image]:
    """An older image under the tag, pushed without faults."""
    layout, image = make_image(folder / "layout", *layers(f"old {path}", 5_000))
    Push(folder / "job", f"{registry.host}/{path}", layout, image).run()
    return layout, image


def pulled_back(registry: Registry, path: str, layout: Layout, image: Image, cache: Path) -> None:
    """The image comes back by its digest, with what is attached, to the byte."""
    source = registries({"HOME": str(cache)}, registry.host, cache).repository(f"{registry.host}/{path}")
    back = read_image(source, image.digest)
    assert [source.blob(each).read_bytes() for each in back.layers] == [
        layout.blob(each).read_bytes() for each in image.layers
    ]
    payloads = {read_payload(source, each, image.digest) for each in source.referrers(image.digest)}
    assert payloads == {SBOM, ENVELOPE}
