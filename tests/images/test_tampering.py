"""Every way to change an image, what it holds or what was signed of it: each is refused, and named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization as forms
from cryptography.hazmat.primitives.asymmetric import ec

from pipeline_kit.contract.digest import digest_bytes
from pipeline_kit.contract.image_documents import write_document
from pipeline_kit.errors import ModelError, UsageError
from pipeline_kit.images.names import STATEMENT_TYPE
from pipeline_kit.images.verify.signature import sign
from tests.images.signing import OURS, THEIRS, Signed, bill_of, make_layout
from tests.images.tampered_images import CHANGED_IMAGES, HELD
from tests.images.tampered_statements import CHANGED_STATEMENTS

Count = Callable[[str, int], None]
CHANGED = {**CHANGED_IMAGES, **CHANGED_STATEMENTS}


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image that nobody changes."""
    return make_layout(tmp_path_factory.mktemp("good"))


@pytest.fixture
def signed(source: Path, tmp_path: Path) -> Signed:
    """A copy of it, signed."""
    return Signed.copy(source, tmp_path / "image")


@pytest.mark.parametrize("name", CHANGED)
def test_what_was_changed_is_refused(signed: Signed, name: str, count: Count) -> None:
    """With the public key at hand; the message names what is wrong."""
    tamper, message = CHANGED[name]
    tamper(signed)
    with pytest.raises((ModelError, UsageError), match=message):
        signed.verify()
    count("ways of tampering refused by verify", 1)


@pytest.mark.parametrize("name", HELD)
def test_what_an_image_holds_is_held_against_what_it_says(signed: Signed, name: str, count: Count) -> None:
    """By digests only, for whoever builds a whole image anew builds a consistent one."""
    tamper, message = HELD[name]
    signed.attach({})
    signed.unsigned = True
    tamper(signed)
    with pytest.raises(ModelError, match=message):
        signed.verify()
    count("ways of tampering refused by verify", 1)


@pytest.mark.parametrize("name", ["another model in a layer above", "other code", "a whiteout over the model"])
def test_a_signature_does_not_make_it_true(signed: Signed, name: str) -> None:
    """An image that was changed and then signed by our own key is refused for what it holds."""
    tamper, message = HELD[name]
    tamper(signed)
    signed.sign()
    with pytest.raises(ModelError, match=message):
        signed.verify()


def test_a_good_image_passes(signed: Signed) -> None:
    """Whole, by its documents only, by digests only, and with the attestation from a file."""
    whole = signed.verify()
    assert whole.signed and whole.key == OURS.id
    assert (whole.layers, whole.files, whole.verdict, whole.commit) == (4, 5, "PASS", "c" * 40)
    assert whole.sbom == digest_bytes(bill_of(whole.digest))
    signed.deep = False
    assert signed.verify().layers == 0
    signed.attestation = signed.envelope()
    signed.attach({})
    assert signed.verify().sbom is None
    signed.unsigned, signed.deep, signed.attestation = True, True, None
    assert not signed.verify().signed


def test_without_layers_no_layer_is_asked_for(signed: Signed) -> None:
    """The signed digest of the manifest binds them, so that a deployment needs none."""
    for each in signed.image.layers:
        signed.layout.path(each.digest).unlink()
    signed.deep = False
    assert signed.verify().signed
    signed.deep = True
    with pytest.raises(ModelError, match="has no blob"):
        signed.verify()


def test_one_good_attestation_among_others_is_enough(signed: Signed) -> None:
    """Whoever may write to a registry cannot make a good image refused by attaching to it."""
    signed.attach({STATEMENT_TYPE: [b"{}", signed.envelope(pair=THEIRS), signed.envelope()]})
    assert signed.verify().key == OURS.id
    signed.keys = [THEIRS.public]
    assert signed.verify().key == THEIRS.id


def test_an_image_signed_on_the_curve_p_256_passes(signed: Signed) -> None:
    """ECDSA for those whose key store has no Ed25519."""
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption())
    public = key.public_key().public_bytes(forms.Encoding.PEM, forms.PublicFormat.SubjectPublicKeyInfo)
    signed.attach({STATEMENT_TYPE: [sign(write_document(signed.statement()), private)]})
    signed.keys = [OURS.public, public]
    assert signed.verify().signed
