"""Ways to change what was signed of an image, each with what is said of it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives import serialization as forms
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from pipeline_kit.contract.digest import digest_json
from pipeline_kit.contract.image_documents import write_document
from pipeline_kit.images.names import SBOM_TYPE, STATEMENT_TYPE
from pipeline_kit.images.verify.signature import sign
from tests.images.signing import OURS, THEIRS, Change, Signed, bill_of
from tests.images.tampered_images import OTHER, Tamper, given


def told(change: Change) -> Tamper:
    """A statement that our key has signed, and that is not true."""
    return lambda case: case.attach({STATEMENT_TYPE: [case.envelope(change)]})


def dependency(name: str, digest: str = "b" * 64, algorithm: str = "sha256") -> Tamper:
    def change(document: dict[str, Any]) -> None:
        for each in document["predicate"]["buildDefinition"]["resolvedDependencies"]:
            if each["name"] == name:
                each["digest"] = {algorithm: digest}

    return told(change)


def dependency_dropped(document: dict[str, Any]) -> None:
    document["predicate"]["buildDefinition"]["resolvedDependencies"].pop()


def dependency_doubled(document: dict[str, Any]) -> None:
    found = document["predicate"]["buildDefinition"]["resolvedDependencies"]
    found.append(found[0])


def byproduct(name: str, value: dict[str, Any], *, digested: bool = True) -> Tamper:
    def change(document: dict[str, Any]) -> None:
        for each in document["predicate"]["runDetails"]["byproducts"]:
            if each["name"] == name:
                each["annotations"] = value
                if digested:
                    each["digest"] = {"sha256": digest_json(value).removeprefix("sha256:")}

    return told(change)


def without_bill(document: dict[str, Any]) -> None:
    found = document["predicate"]["runDetails"]["byproducts"]
    found[:] = [each for each in found if each["name"] != "sbom"]


def build_changed(**values: Any) -> Tamper:
    return told(lambda document: document["predicate"]["buildDefinition"].update(values))


def enveloped(change: Change) -> Tamper:
    """The envelope changed after it was signed."""

    def tamper(case: Signed) -> None:
        document = json.loads(case.envelope())
        change(document)
        case.attach({STATEMENT_TYPE: [json.dumps(document).encode()]})

    return tamper


def raw_envelope(change: Callable[[bytes], bytes]) -> Tamper:
    return lambda case: case.attach({STATEMENT_TYPE: [change(case.envelope())]})


def payload_changed(document: dict[str, Any]) -> None:
    content = base64.b64decode(document["payload"]).replace(b'"f1":0.97', b'"f1":0.98')
    document["payload"] = base64.b64encode(content).decode()


def signature_changed(document: dict[str, Any]) -> None:
    content = bytearray(base64.b64decode(document["signatures"][0]["sig"]))
    content[10] ^= 1
    document["signatures"][0]["sig"] = base64.b64encode(content).decode()


def signed_by_others(case: Signed) -> None:
    case.attach({STATEMENT_TYPE: [case.envelope(pair=THEIRS)]})


def others_under_our_name(case: Signed) -> None:
    document = json.loads(case.envelope(pair=THEIRS))
    document["signatures"][0]["keyid"] = OURS.id
    case.attach({STATEMENT_TYPE: [json.dumps(document).encode()]})


def ours_beside_others_statement(case: Signed) -> None:
    """The signature of one statement beside the payload of another."""
    ours, theirs = json.loads(case.envelope()), json.loads(case.envelope(payload_metrics, THEIRS))
    theirs["signatures"] += ours["signatures"]
    case.attach({STATEMENT_TYPE: [json.dumps(theirs).encode()]})


def payload_metrics(document: dict[str, Any]) -> None:
    document["predicate"]["runDetails"]["byproducts"][0]["annotations"] = {"test": {"f1": 1.0}}


def key_of(make: Callable[[], Any]) -> Tamper:
    def tamper(case: Signed) -> None:
        public = make().public_key()
        case.keys = [public.public_bytes(forms.Encoding.PEM, forms.PublicFormat.SubjectPublicKeyInfo)]

    return tamper


def bills(*contents: bytes) -> Tamper:
    return lambda case: case.attach({STATEMENT_TYPE: [case.envelope()], SBOM_TYPE: list(contents)})


def many(case: Signed) -> None:
    case.attach({STATEMENT_TYPE: [b"%d" % number for number in range(33)]})


def several_that_are_not_ours(case: Signed) -> None:
    case.attach({STATEMENT_TYPE: [b"{}", case.envelope(pair=THEIRS)]})


def payload_doubled(case: Signed) -> None:
    """A statement with a duplicate key: one reader takes the first, another the last."""
    content = write_document(case.statement()).replace(b'"subject":', b'"subject":[],"subject":', 1)
    case.attach({STATEMENT_TYPE: [sign(content, OURS.private)]})


CHANGED_STATEMENTS: dict[str, tuple[Tamper, str]] = {
    "another subject": (
        told(lambda it: it["subject"][0]["digest"].update(sha256="a" * 64)),
        "the attestation is of sha256:aaa",
    ),
    "two subjects": (told(lambda it: it["subject"].append(it["subject"][0])), "is of 2 subjects"),
    "a subject by another algorithm": (
        told(lambda it: it["subject"][0].update(digest={"sha512": "a" * 128})),
        "has a digest by sha512, not sha256",
    ),
    "a subject by two algorithms": (
        told(lambda it: it["subject"][0]["digest"].update(sha1="a" * 40)),
        "has a digest by sha1, sha256",
    ),
    "a digest that is none": (dependency("model", "A" * 64), "has 'AAAA"),
    "another project": (told(lambda it: it["subject"][0].update(name="other")), "the statement's project is other"),
    "another statement type": (told(lambda it: it.update(_type="https://x.example")), "the statement's _type is"),
    "another predicate type": (told(lambda it: it.update(predicateType="https://x.example")), "predicateType is"),
    "another build type": (build_changed(buildType="https://x.example"), "the statement's build is"),
    "another builder": (
        told(lambda it: it["predicate"]["runDetails"]["builder"].update(id="https://x.example")),
        "is of the builder 'https://x.example'",
    ),
    "no predicate": (told(lambda it: it.pop("predicate")), "the statement was not made by the kit"),
    "a statement of another model": (dependency("model"), "the statement's model is sha256:bbb"),
    "a statement of another package": (dependency("package"), "the statement's package is sha256:bbb"),
    "a statement of another commit": (dependency("commit", "b" * 40, "gitCommit"), "the statement's commit is bbb"),
    "a statement of other data": (dependency("data/train"), "the statement's data/train is sha256:bbb"),
    "a statement of another lock file": (dependency("lock"), "the statement's lock is sha256:bbb"),
    "a statement without its lock file": (told(dependency_dropped), "the statement's lock is None"),
    "a dependency named twice": (told(dependency_doubled), "the statement names model twice"),
    "the verdict turned": (
        byproduct("verdict", {"status": "FAIL", "sentence": "f1 0.1", "evidence": "", "decision": None}),
        "the statement's verdict is FAIL, the image's label",
    ),
    "the verdict's sentence": (
        byproduct("verdict", {"status": "PASS", "sentence": "f1 1.0", "evidence": "e", "decision": None}),
        "the statement's verdict is sha256",
    ),
    "a verdict of another digest": (
        byproduct("verdict", {"status": "PASS"}, digested=False),
        "the statement's verdict is not that of its digest",
    ),
    "better metrics": (byproduct("metrics", {"test": {"f1": 1.0}}), "the statement's metrics is sha256"),
    "metrics that are no numbers": (
        lambda case: case.attach(
            {STATEMENT_TYPE: [sign(write_document(case.statement()).replace(b"0.97", b"NaN"), OURS.private)]}
        ),
        "the statement was not made by the kit",
    ),
    "other parameters": (
        build_changed(externalParameters={"parameters": {"c": 2.0}, "seed": 7}),
        "predicate.buildDefinition.externalParameters.parameters.c is not that of the package",
    ),
    "another seed": (
        build_changed(externalParameters={"parameters": {"c": 1.0, "deep": {"layers": [1, 2]}}, "seed": 8}),
        "externalParameters.seed is not",
    ),
    "a number of another kind": (
        build_changed(externalParameters={"parameters": {"c": 1, "deep": {"layers": [1, 2]}}, "seed": 7}),
        "externalParameters.parameters.c is not",
    ),
    "a key more in the predicate": (build_changed(more="1"), "buildDefinition.more is not"),
    "a statement with a duplicate key": (payload_doubled, "duplicate key in an object"),
    # Envelopes and keys.
    "a payload changed": (enveloped(payload_changed), "signature does not verify"),
    "a signature changed": (enveloped(signature_changed), "signature does not verify"),
    "another payload type": (enveloped(lambda it: it.update(payloadType="text/plain")), "is a 'text/plain', not a"),
    "no signatures": (enveloped(lambda it: it.update(signatures=[])), "has no signature"),
    "signatures that are no list": (enveloped(lambda it: it.update(signatures={"a": 1})), "are not a short list"),
    "a hundred signatures": (
        enveloped(lambda it: it.update(signatures=it["signatures"] * 100)),
        "are not a short list",
    ),
    "a signature twice": (enveloped(lambda it: it.update(signatures=it["signatures"] * 2)), "is not an envelope"),
    "a signature without a key": (
        enveloped(lambda it: it["signatures"][0].pop("keyid")),
        "not a list of keyid and sig",
    ),
    "a signature in broken base64": (enveloped(lambda it: it["signatures"][0].update(sig="a b")), "base64 is broken"),
    "a signature of nothing": (enveloped(lambda it: it["signatures"][0].update(sig="")), "signature does not verify"),
    "a payload in base64 of another form": (enveloped(lambda it: it.update(payload=it["payload"] + "\n")), "is broken"),
    "a key more in the envelope": (enveloped(lambda it: it.update(more=1)), "is not an envelope: it has more"),
    "an envelope cut off": (raw_envelope(lambda it: it[:-40]), "the attestation is not the JSON"),
    "an envelope with a duplicate key": (
        raw_envelope(lambda it: it.replace(b'{"payload"', b'{"payload":"","payload"', 1)),
        "duplicate key in an object",
    ),
    "an envelope that is too large": (raw_envelope(lambda it: it + b" " * (4 << 20)), "the attestation is too large"),
    "an envelope that is no object": (raw_envelope(lambda it: b"[]"), "is not a JSON object"),
    "a statement that others have signed": (signed_by_others, "signed by none of the given keys"),
    "a signature of others under our key's id": (others_under_our_name, "signature does not verify"),
    "our signature beside the statement of others": (ours_beside_others_statement, "signature does not verify"),
    "attestations of which none is ours": (several_that_are_not_ours, "none of 2 attestations holds"),
    "no attestation": (lambda case: case.attach({}), "no attestation is attached"),
    "an attestation given that is of others": (given(attestation=b"{}"), "is not an envelope"),
    "more attestations than anybody makes": (many, "33 attestations are attached"),
    "no key": (given(keys=[]), "a public key is needed"),
    "another key": (given(keys=[THEIRS.public]), "signed by none of the given keys"),
    "a key of RSA": (key_of(lambda: rsa.generate_private_key(65537, 2048)), "signs nothing here"),
    "a key on another curve": (key_of(lambda: ec.generate_private_key(ec.SECP256K1())), "signs nothing here"),
    "a private key for a public one": (given(keys=[OURS.private]), "a private key was given"),
    "a key that is none": (given(keys=[b"key"]), "is not a public key"),
    # The SBOM.
    "another SBOM": (bills(bill_of(OTHER)), "the attached SBOM is"),
    "an SBOM that was not signed": (
        lambda case: case.attach(
            {STATEMENT_TYPE: [case.envelope(without_bill)], SBOM_TYPE: [bill_of(case.image.digest)]}
        ),
        "but the signed statement names none",
    ),
    "more SBOMs than anybody makes": (
        bills(*(b"%d" % number for number in range(33))),
        "33 SBOMs are attached",
    ),
}
