"""The ways into verification that deployment and the demo take."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline_kit.contract.image_reference import parse_reference
from pipeline_kit.contract.oci import Registries
from pipeline_kit.errors import InfrastructureError, ModelError
from pipeline_kit.images.names import STATEMENT_TYPE
from pipeline_kit.images.oci.source import LayoutBlobs
from pipeline_kit.images.verify.image import verify_image, verify_pushed
from tests.images.signing import OURS, THEIRS, Signed, make_layout


def no_registry() -> Registries:
    raise InfrastructureError("there is no network")


@pytest.fixture
def signed(tmp_path: Path) -> Signed:
    """A signed image."""
    return Signed.copy(make_layout(tmp_path / "made"), tmp_path / "image")


def test_an_image_is_verified_by_its_reference(signed: Signed) -> None:
    """By digest, as the deployment has it, without reading a layer; by another digest it is refused."""
    digest = signed.image.digest
    image = parse_reference(f"registry.example/team/fraud@{digest}")
    verified = verify_pushed(signed.layout, image, None, [OURS.public], deep=False)
    assert (verified.digest, verified.signed, verified.layers) == (digest, True, 0)
    with pytest.raises(ModelError, match="holds no image"):
        verify_pushed(signed.layout, image.at("sha256:" + "a" * 64), None, [OURS.public])


def test_a_layout_is_verified_without_a_network(signed: Signed) -> None:
    """With a signature or, as the demo does, without."""
    blobs = LayoutBlobs(signed.folder, no_registry)
    assert verify_image(blobs, None, keys=[OURS.public]).layers == 4
    assert not verify_image(blobs, None, keys=[], unsigned=True).signed


def test_attestations_that_were_not_believed_are_told(signed: Signed) -> None:
    """What else is attached does no harm, and is not passed over in silence."""
    signed.attach({STATEMENT_TYPE: [signed.envelope(pair=THEIRS), signed.envelope()]})
    verified = verify_pushed(signed.layout, signed.image.digest, None, [OURS.public])
    assert len(verified.ignored) == 1
    assert "signed by none of the given keys" in verified.ignored[0]
