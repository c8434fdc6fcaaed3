"""Signatures over statements: a DSSE envelope, made with the CI's private key, opened with public keys only.

A private key comes as text from a secret, lives in memory for one signature, and is never written or shown.
Source: DSSE 1.0.2 (secure-systems-lab/dsse). Ed25519 and ECDSA on the NIST curves; a key's id is the SHA-256 of its
SubjectPublicKeyInfo (DER), so that it cannot be chosen.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline_kit.contract.digest import digest_bytes
from pipeline_kit.contract.image_documents import LARGEST_DOCUMENT, read_document, write_document
from pipeline_kit.errors import ModelError, UsageError
from pipeline_kit.images.names import STATEMENT_TYPE

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner, SSlibKey

BEGIN = b"-----BEGIN "
LARGEST_KEY = 64 << 10
MOST_SIGNATURES = 16
SUPPORTED = "the kit signs with Ed25519 or ECDSA keys; `pipeline-kit keys DIR` makes a pair"
MAKE_AGAIN = "it was changed, or another tool made it; sign the image again"


@dataclass(frozen=True, slots=True)
class Opened:
    """The payload of an envelope that one of the keys has signed, and the id of that key."""

    payload: bytes
    key: str


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A new pair of keys in PEM; `private` is for the CI's secrets, `public` for everybody."""

    private: bytes
    public: bytes

    @property
    def id(self) -> str:
        """The id by which signatures name the key."""
        return key_id(self.public)


def make_keys(passphrase: bytes | None = None) -> KeyPair:
    """A new Ed25519 pair; the private key encrypted where there is a passphrase."""
    from cryptography.hazmat.primitives import serialization as forms
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    encryption = forms.BestAvailableEncryption(passphrase) if passphrase else forms.NoEncryption()
    private = key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, encryption)
    public = key.public_key().public_bytes(forms.Encoding.PEM, forms.PublicFormat.SubjectPublicKeyInfo)
    return KeyPair(private, public)


def sign(payload: bytes, private: bytes, passphrase: bytes | None = None) -> bytes:
    """The envelope of a statement, signed. Raises UsageError for an unusable private key; it is never quoted."""
    from securesystemslib.dsse import Envelope

    envelope = Envelope(payload, STATEMENT_TYPE, {})
    envelope.sign(read_private(private, passphrase))
    return write_document(envelope.to_dict()) + b"\n"


def open_envelope(content: bytes, keys: Sequence[bytes]) -> Opened:
    """The payload that one of the public keys (PEM) has signed.

    Raises ModelError if the envelope is invalid, is of another type, or no key has signed it; UsageError for an invalid
    key.
    """
    from securesystemslib.exceptions import UnverifiedSignatureError, VerificationError

    known = [read_public(key) for key in keys]
    if not known:
        raise UsageError("a public key is needed to verify the attestation", hint="give a public key: --key FILE")
    envelope = read_envelope(content)
    if not set(envelope.signatures) & {s_slib_key.keyid for s_slib_key in known}:
        named = ", ".join(sorted(envelope.signatures))
        raise ModelError(
            f"the attestation is signed by none of the given keys: it names {named}",
            hint=f"given are {', '.join(item.keyid for item in known)}",
        )
    try:
        accepted = envelope.verify(known, 1)
    except (UnverifiedSignatureError, VerificationError) as error:
        hint = "the statement or its signature was changed; sign the image again"
        raise ModelError("the attestation's signature does not verify", hint=hint) from error
    return Opened(envelope.payload, next(iter(accepted)))


def unverified_payload(content: bytes) -> bytes:
    """The payload of an envelope with an unverified signature: for display only, never to be trusted."""
    payload: bytes = read_envelope(content).payload
    return payload


def read_envelope(content: bytes) -> Any:
    """An envelope of which only the form is checked. Raises ModelError unless it is one of a statement."""
    from securesystemslib.dsse import Envelope

    if len(content) > LARGEST_DOCUMENT:
        raise ModelError(f"the attestation is too large: {len(content)} bytes", hint=f"at most {LARGEST_DOCUMENT}")
    document = read_document(content, "the attestation")
    if set(document) != {"payload", "payloadType", "signatures"}:
        raise ModelError(f"the attestation is not an envelope: it has {', '.join(sorted(document))}", hint=MAKE_AGAIN)
    if document["payloadType"] != STATEMENT_TYPE:
        what = f"the attestation's payload is a {document['payloadType']!r}, not a {STATEMENT_TYPE}"
        raise ModelError(what, hint=MAKE_AGAIN)
    signatures = document["signatures"]
    if signatures == []:
        raise ModelError("the attestation has no signature", hint="sign the image again")
    if not isinstance(signatures, list) or len(signatures) > MOST_SIGNATURES:
        raise ModelError("the attestation's signatures are not a short list", hint=MAKE_AGAIN)
    for signature in signatures:
        fields = signature if isinstance(signature, dict) else {}
        if set(fields) != {"keyid", "sig"} or not all(isinstance(value, str) for value in fields.values()):
            raise ModelError("the attestation's signatures are not a list of keyid and sig", hint=MAKE_AGAIN)
    check_base64(document["payload"])
    for entry in signatures:
        check_base64(entry["sig"])
    try:
        return Envelope.from_dict(document)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"the attestation is not an envelope: {error}", hint=MAKE_AGAIN) from error


def check_base64(text: object) -> None:
    """Raises ModelError unless the text is base64 in its one form: another text with the same bytes is another file."""
    try:
        plain = isinstance(text, str) and base64.b64encode(base64.b64decode(text, validate=True)).decode() == text
    except (binascii.Error, ValueError):
        plain = False
    if not plain:
        raise ModelError("the attestation is not whole: its base64 is broken", hint=MAKE_AGAIN)


def public_of(private: bytes, passphrase: bytes | None = None) -> bytes:
    """The public key (PEM) of a private one. Raises UsageError for an unusable private key."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = load_private(private, passphrase).public_key()
    public_bytes: bytes = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return public_bytes


def key_id(public: bytes) -> str:
    """The id of a public key (PEM): the digest of its DER form. Raises UsageError for an invalid one."""
    return str(read_public(public).keyid)


def read_public(pem: bytes) -> SSlibKey:
    """A public key. Raises UsageError for an invalid one, or a kind that the kit does not sign with."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    if b"PRIVATE KEY-----" in pem:
        raise UsageError("a private key was given where a public key belongs", hint="give the other file of the pair")
    try:
        key = load_pem_public_key(pem) if len(pem) <= LARGEST_KEY else None
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UsageError("the key is not a public key in PEM", hint=SUPPORTED) from error
    if key is None:
        raise UsageError("the key is not a public key in PEM: it is too large", hint=SUPPORTED)
    return known_key(key)


def known_key(key: Any) -> SSlibKey:
    """The library's form of a public key. Raises UsageError for another algorithm than those the kit signs with."""
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from securesystemslib.signer import SSlibKey

    if not isinstance(key, Ed25519PublicKey | EllipticCurvePublicKey):
        raise UsageError(f"a key of the kind {type(key).__name__} signs nothing here", hint=SUPPORTED)
    identity = digest_bytes(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    try:
        return SSlibKey.from_crypto(key, identity)
    except ValueError as error:
        raise UsageError(f"a key on this curve signs nothing here: {error}", hint=SUPPORTED) from error


def read_private(text: bytes, passphrase: bytes | None) -> CryptoSigner:
    """A signer with the private key in a text. Raises UsageError, which never quotes the text."""
    from securesystemslib.signer import CryptoSigner

    key = load_private(text, passphrase)
    return CryptoSigner(key, known_key(key.public_key()))


def load_private(text: bytes, passphrase: bytes | None) -> Any:
    """The private key in a PEM, or in the base64 of one: some servers keep secrets of one line only."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        return load_pem_private_key(as_pem(text), passphrase)
    except TypeError:  # by the library's word: a passphrase is missing, or there is nothing to decrypt
        fault = "is encrypted, and no passphrase was given" if passphrase is None else "is not encrypted"
        hint = "the parameter passphrase names the secret that holds it"
        raise UsageError(f"the private key {fault}", hint=hint) from None
    except (ValueError, UnsupportedAlgorithm):
        what = "cannot be read" if passphrase is None else "cannot be decrypted with this passphrase"
        raise UsageError(f"the private key {what}: it must be PEM (PKCS 8)", hint=SUPPORTED) from None


def as_pem(text: bytes) -> bytes:
    """The PEM in a text that may be the base64 of one."""
    stripped = text.strip()
    if stripped.startswith(BEGIN):
        return stripped + b"\n"
    try:
        return base64.b64decode(b"".join(stripped.split()), validate=True)
    except binascii.Error:
        return b""
