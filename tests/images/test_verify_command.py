"""`verify` and `keys` as a person calls them: what they print, and how they end."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from pipeline_kit.adapters.registry import HttpRegistries
from pipeline_kit.cli.main import main
from pipeline_kit.images.names import ENVELOPE_TYPE, MODEL, STATEMENT_TYPE
from pipeline_kit.images.oci.attach import attachment
from pipeline_kit.images.oci.push import push_image
from pipeline_kit.images.verify.signature import open_envelope, sign
from tests.images.registry import Registry
from tests.images.signing import OURS, THEIRS, Signed, make_layout
from tests.scan.pictures import Entry


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_layout(tmp_path_factory.mktemp("good"))


@pytest.fixture
def signed(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Signed:
    """A signed image in the working directory, beside the public keys."""
    (tmp_path / "signing.pub").write_bytes(OURS.public)
    (tmp_path / "other.pub").write_bytes(THEIRS.public)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return Signed.copy(source, tmp_path / "image")


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """No network: whoever connects anywhere fails."""

    def refuse(*_: Any) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.usefixtures("offline")
def test_a_signed_image_is_verified_without_a_network(signed: Signed, capsys: pytest.CaptureFixture[str]) -> None:
    """In words, and as JSON."""
    assert main(["verify", "oci:image", "--key", "signing.pub"]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"verified {signed.image.digest}\n")
    assert f"signed by the key {OURS.id}" in said
    assert main(["verify", "oci:image", "--key", "other.pub", "--key", "signing.pub", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["signed"], document["key"], document["verdict"]) == (True, OURS.id, "PASS")
    assert document["statement"]["predicateType"] == "https://slsa.dev/provenance/v1"


def test_one_word_says_whose_image_it_must_be(signed: Signed, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither a key nor `--unsigned` is a question that is not answered by guessing; both contradict each other."""
    for more in ([], ["--key", "signing.pub", "--unsigned"]):
        assert main(["verify", "oci:image", *more]) == 2
        assert "--unsigned checks digests only, not who made the image" in capsys.readouterr().err
    assert main(["verify", "oci:image", "--unsigned"]) == 0
    assert "who made the image was not checked" in capsys.readouterr().out


def test_what_was_changed_ends_with_one(signed: Signed, capsys: pytest.CaptureFixture[str]) -> None:
    """And with a sentence that names it."""
    assert main(["verify", "oci:image", "--key", "other.pub"]) == 1
    assert "signed by none of the given keys" in capsys.readouterr().err
    signed.with_layer([Entry(f"{MODEL}/model.json", b"{}")])
    assert main(["verify", "oci:image", "--key", "signing.pub"]) == 1
    assert "the attestation is of" in capsys.readouterr().err
    assert main(["verify", "oci:nowhere", "--unsigned"]) == 1
    assert "is not an OCI layout" in capsys.readouterr().err


def test_an_attestation_may_lie_in_a_file(signed: Signed, capsys: pytest.CaptureFixture[str]) -> None:
    """As a job leaves it before the push."""
    Path("attestation.json").write_bytes(signed.envelope())
    signed.attach({})
    assert main(["verify", "oci:image", "--key", "signing.pub"]) == 1
    assert "--attestation FILE" in capsys.readouterr().err
    assert main(["verify", "oci:image", "--key", "signing.pub", "--attestation", "attestation.json"]) == 0
    assert main(["verify", "oci:image", "--key", "signing.pub", "--attestation", "nothing.json"]) == 2
    Path("large").write_bytes(b"x" * ((4 << 20) + 1))
    assert main(["verify", "oci:image", "--key", "large"]) == 2
    assert "large is too large" in capsys.readouterr().err


def test_a_pair_of_keys_is_made_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """For its owner's eyes only, with a word on where each belongs; what is there stays."""
    monkeypatch.chdir(tmp_path)
    assert main(["keys", "keys"]) == 0
    said = capsys.readouterr().out
    private, public = Path("keys/signing.key"), Path("keys/signing.pub")
    assert private.stat().st_mode & 0o777 == 0o600
    assert private.read_text().splitlines()[1] not in said
    assert "a secret of the CI server" in said and "commit it" in said
    opened = open_envelope(sign(b"{}", private.read_bytes()), [public.read_bytes()])
    assert opened.key in said
    before = private.read_bytes()
    assert main(["keys", "keys"]) == 2
    private.unlink()
    assert main(["keys", "keys"]) == 2
    assert not private.exists() and before not in public.read_bytes()


@pytest.mark.registry
def test_an_image_in_a_registry_is_verified(
    signed: Signed, registry: Registry, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By tag and by digest, its host trusted as the project's descriptor says."""
    Path("pipeline-kit.yml").write_text(
        f"version: 1\nkit: 0.1.0\nproject: {{name: fraud, lock: l}}\n"
        f'insecure: ["{registry.host}"]\njobs: {{look: {{stage: check}}}}\n'
    )
    name = f"{registry.host}/verify/fraud"
    target = HttpRegistries({"HOME": str(tmp_path)}, [registry.host], tmp_path / "c", lambda _: None).repository(name)
    subject = signed.image.descriptor
    made = attachment(subject, signed.envelope(), artifact_type=STATEMENT_TYPE, payload_type=ENVELOPE_TYPE)
    push_image(
        signed.layout,
        signed.image,
        target,
        attachments=(made,),
        tags=("1.0",),
        parallel=1,
        elsewhere={},
        tell=lambda _: None,
    )
    for reference in (f"{name}:1.0", f"{name}@{subject.digest}"):
        assert main(["verify", reference, "--key", "signing.pub"]) == 0, capsys.readouterr().err
        assert f"verified {subject.digest}" in capsys.readouterr().out
    assert main(["verify", f"{name}:2.0", "--key", "signing.pub"]) == 1
