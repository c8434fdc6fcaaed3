"""The statement of an image: what it binds, and that it is the same wherever and whenever it is made."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization as forms
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from pipeline_kit import __version__
from pipeline_kit.contract.digest import digest_bytes
from pipeline_kit.contract.image_documents import Image, read_image, write_document
from pipeline_kit.errors import ModelError, UsageError
from pipeline_kit.images.oci.layout import Layout
from pipeline_kit.images.verify.content_check import packaged_manifest
from pipeline_kit.images.verify.package_facts import PackageFacts, read_facts, refuse_unpassed
from pipeline_kit.images.verify.signature import key_id, make_keys, open_envelope, public_of, sign
from pipeline_kit.images.verify.statement import named, statement
from pipeline_kit.images.verify.statement_check import read_statement
from tests.images.signing import OURS, make_layout

ATTACHED = {"sbom": "sha256:" + "1" * 64, "findings": "sha256:" + "2" * 64}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Image, bytes]:
    """An image, and the manifest of the package in it."""
    layout = Layout(make_layout(tmp_path_factory.mktemp("made")))
    image = read_image(layout)
    return image, packaged_manifest(image, layout)


@pytest.fixture
def facts(made: tuple[Image, bytes]) -> PackageFacts:
    return read_facts(made[1], "manifest.json")


def test_a_statement_binds_the_image_to_all_it_was_made_from(made: tuple[Image, bytes], facts: PackageFacts) -> None:
    """Model, package, data, commit, lock file, parameters, metrics, verdict, and what was found in it."""
    image, manifest = made
    document = statement(image, facts, ATTACHED)
    assert document["_type"] == "https://in-toto.io/Statement/v1"
    assert document["predicateType"] == "https://slsa.dev/provenance/v1"
    assert document["subject"] == [{"name": "fraud", "digest": {"sha256": image.digest.removeprefix("sha256:")}}]
    build, run = document["predicate"]["buildDefinition"], document["predicate"]["runDetails"]
    assert build["externalParameters"] == {"parameters": {"c": 1.0, "deep": {"layers": [1, 2]}}, "seed": 7}
    assert run["builder"]["version"] == {"pipeline-kit": __version__}
    said = read_statement(write_document(document))
    assert said.dependencies == {
        "model": facts.model_digest,
        "package": digest_bytes(manifest),
        "data/train": "sha256:" + "d" * 64,
        "commit": "c" * 40,
        "lock": digest_bytes(b"tiny==1.0\n"),
    }
    assert {name: said.byproducts[name] for name in ATTACHED} == ATTACHED
    assert said.metrics == {"test": {"f1": 0.97}}
    assert said.verdict["status"] == "PASS"


def test_the_same_image_gives_the_same_statement(made: tuple[Image, bytes], facts: PackageFacts) -> None:
    """No time and no machine: whoever has image and package can make it again, byte by byte."""
    again = read_facts(made[1], "another")
    assert write_document(statement(made[0], facts, ATTACHED)) == write_document(statement(made[0], again, ATTACHED))


def test_a_base_and_a_commit_are_told_where_there_are_any(made: tuple[Image, bytes], facts: PackageFacts) -> None:
    """An image on scratch has no base, a project outside of a repository no commit."""
    image, _ = made
    labels = {**image.labels, "org.opencontainers.image.base.digest": "sha256:" + "9" * 64}
    labels["org.opencontainers.image.base.name"] = "registry.example/python:3.11-slim"
    config = {**image.config, "config": {**image.config["config"], "Labels": labels}}
    found = statement(replace(image, config=config), replace(facts, commit=None), {})
    resources = found["predicate"]["buildDefinition"]["resolvedDependencies"]
    base = named(resources, "base")
    assert base is not None
    assert base["uri"] == "registry.example/python:3.11-slim"
    assert named(resources, "commit") is None


@pytest.mark.parametrize(
    ("verdict", "passes"),
    [
        ({"status": "PASS"}, True),
        ({"status": "UNDECIDED", "decision": "the slice is too small to tell"}, True),
        ({"status": "UNDECIDED", "decision": None}, False),
        ({"status": "UNDECIDED", "decision": ""}, False),
        ({"status": "FAIL", "decision": "ship it"}, False),
        ({}, False),
    ],
)
def test_only_a_verdict_that_passed_is_signed(verdict: dict[str, str | None], passes: bool) -> None:
    """A person may decide what was undecided, and nothing that failed."""
    if passes:
        refuse_unpassed(verdict, "its")
    else:
        with pytest.raises(ModelError, match="its verdict is"):
            refuse_unpassed(verdict, "its")


def pem(key: Any, passphrase: bytes | None = None) -> bytes:
    encryption = forms.BestAvailableEncryption(passphrase) if passphrase else forms.NoEncryption()
    found: bytes = key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, encryption)
    return found


KEYS = {
    "Ed25519": (lambda: OURS.private, None),
    "Ed25519 with a passphrase": (lambda: make_keys(b"open sesame").private, b"open sesame"),
    "ECDSA on P-256": (lambda: pem(ec.generate_private_key(ec.SECP256R1())), None),
    "one line of base64": (lambda: base64.b64encode(OURS.private), None),
    "lines of base64, with space around": (lambda: b"\n" + base64.encodebytes(OURS.private) + b"  \n", None),
}


@pytest.mark.parametrize("name", KEYS)
def test_what_a_key_signs_its_public_half_opens(name: str) -> None:
    """In any form in which a CI server can keep a key."""
    make, passphrase = KEYS[name]
    private = make()
    public = public_of(private, passphrase)
    opened = open_envelope(sign(b"the payload", private, passphrase), [OURS.public, public])
    assert opened.payload == b"the payload"
    assert opened.key == key_id(public)
    assert re.fullmatch("sha256:[0-9a-f]{64}", opened.key)


REFUSED = {
    "no key": (b"hello", None, "cannot be read"),
    "a key cut off": (OURS.private[:60], None, "cannot be read"),
    "a public key": (OURS.public, None, "cannot be read"),
    "no passphrase": (make_keys(b"open sesame").private, None, "is encrypted, and no passphrase was given"),
    "another passphrase": (make_keys(b"open sesame").private, b"other", "cannot be decrypted with this passphrase"),
    "a passphrase too many": (OURS.private, b"other", "is not encrypted"),
    "RSA": (pem(rsa.generate_private_key(65537, 2048)), None, "signs nothing here"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_key_that_cannot_sign_is_named_and_never_shown(name: str) -> None:
    """The message has not a word of what was given."""
    private, passphrase, message = REFUSED[name]
    with pytest.raises(UsageError, match=message) as caught:
        sign(b"the payload", private, passphrase)
    said = f"{caught.value.message} {caught.value.hint}"
    lines = [line for line in private.decode().splitlines() if not line.startswith("-----")]
    assert not any(line in said for line in lines if len(line) > 5)
    assert caught.value.__cause__ is None or name == "RSA"


def test_an_envelope_is_what_other_tools_read() -> None:
    """DSSE: the signature is over the type and the payload with their lengths, in ASCII."""
    document = json.loads(sign(b"{}", OURS.private))
    kind = document["payloadType"].encode()
    assert kind == b"application/vnd.in-toto+json"
    signed = b"DSSEv1 %d %b 2 {}" % (len(kind), kind)
    signature = base64.b64decode(document["signatures"][0]["sig"])
    public: Any = forms.load_pem_public_key(OURS.public)
    public.verify(signature, signed)


def test_of_the_layers_no_more_is_read_than_the_manifest_takes(tmp_path: Path) -> None:
    """It lies in the highest: the dependencies, which a registry may have, stay where they are."""
    folder = make_layout(tmp_path)
    layout = Layout(folder)
    image = read_image(layout)
    for each in image.layers[:-1]:
        layout.path(each.digest).unlink()
    assert packaged_manifest(image, layout).startswith(b"{")
