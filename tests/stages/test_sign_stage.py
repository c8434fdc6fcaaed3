"""The signature as a job: what belongs together is signed, and the key leaves no trace."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from pipeline_kit.contract.context import StageContext
from pipeline_kit.contract.digest import digest_bytes
from pipeline_kit.contract.image_documents import read_image
from pipeline_kit.contract.result import Outcome, OutputRecord
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.errors import ModelError, UsageError
from pipeline_kit.images.names import MANIFEST_FILE, MODEL
from pipeline_kit.images.oci.layout import Layout
from pipeline_kit.images.verify.content_check import packaged_manifest
from pipeline_kit.images.verify.image import verify_image
from pipeline_kit.images.verify.signature import make_keys
from pipeline_kit.testing.context import stage_context, upstream
from tests.images.building import BuildWorld, make_package
from tests.images.signing import OURS, Signed, bill_of, make_layout
from tests.scan.pictures import Entry
from tests.stages.judging import defaults, run

SECRETS = {"PIPELINE_KIT_SECRET_SIGNING": OURS.private.decode()}
OTHER = "sha256:" + "a" * 64


@dataclass
class Jobs:
    """The jobs before the signature, and what it is told of them."""

    folder: Path
    secrets: Mapping[str, str] = field(default_factory=lambda: dict(SECRETS))
    settings: dict[str, Value] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)  # by job: the image that it says it is of
    bill: bytes | None = None
    without: tuple[str, ...] = ()
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.layout = make_layout(self.folder / "made")
        self.package = self.folder / "made/package.tar"
        self.digest = read_image(Layout(self.layout)).digest

    def context(self) -> StageContext:
        """The context of the job."""
        files = {"sbom": self.folder / "bom.cdx.json", "findings": self.folder / "findings.json"}
        files["sbom"].write_bytes(self.bill or bill_of(self.digest))
        files["findings"].write_text("{}")
        before = upstream(self.folder / "up", "build_image", "image", {}, facts={"image": self.said("image")})
        record = replace(before.record, outputs={"image": OutputRecord("image", "image", self.digest, 1)})
        jobs = {
            "package": upstream(self.folder / "up", "package", "package", {"package": ("package", self.package)}),
            "image": replace(before, record=record, files={"image": self.layout}),
        }
        for kind, path in files.items():
            told = {"image": self.said(kind)}
            jobs[kind] = upstream(self.folder / "up", kind, "scan", {kind: (kind, path)}, facts=told)
        return stage_context(
            self.folder / "job",
            settings={**defaults("sign"), **self.settings},
            upstream={name: job for name, job in jobs.items() if name not in self.without},
            world=BuildWorld(self.folder / "world"),
            secrets=self.secrets,
            log=self.lines.append,
        )

    def said(self, job: str) -> str:
        return self.facts.get(job, self.digest)


@pytest.fixture
def jobs(tmp_path: Path) -> Jobs:
    return Jobs(tmp_path)


def test_what_is_signed_is_verified(jobs: Jobs) -> None:
    """By the public key, from the layout that the image's job has left; twice the same statement."""
    context = jobs.context()
    result = run("sign", context)
    assert result.outcome is Outcome.PASSED
    assert result.facts["image"] == jobs.digest
    assert result.outputs["attestation"].kind == "attestation"
    content = (context.out / "attestation.json").read_bytes()
    verified = verify_image(Layout(jobs.layout), None, keys=[OURS.public], attestation=content)
    assert verified.key == result.facts["key"] == OURS.id
    assert verified.statement is not None
    assert set(verified.statement.byproducts) == {"metrics", "verdict", "sbom", "findings"}
    run("sign", context)
    assert (context.out / "attestation.json").read_bytes() == content  # Ed25519 has no chance in it


def test_the_key_leaves_no_trace(jobs: Jobs) -> None:
    """Neither in a file nor in a line, whole or in part."""
    result = run("sign", jobs.context())
    secret = OURS.private.decode().splitlines()[1]
    written = [path.read_bytes() for path in jobs.folder.rglob("*") if path.is_file()]
    assert not any(secret.encode() in content for content in written)
    assert secret not in "".join(jobs.lines) + result.reason + json.dumps(dict(result.facts))


def test_without_a_scan_no_document_is_named(jobs: Jobs) -> None:
    """SBOM and findings are signed where a job has made them."""
    jobs.without = ("sbom", "findings")
    context = jobs.context()
    run("sign", context)
    content = (context.out / "attestation.json").read_bytes()
    verified = verify_image(Layout(jobs.layout), None, keys=[OURS.public], attestation=content)
    assert verified.statement is not None
    assert set(verified.statement.byproducts) == {"metrics", "verdict"}
    assert [line for line in jobs.lines if line.startswith("no sbom")]


def test_a_scan_of_the_source_is_passed_over(jobs: Jobs) -> None:
    """It is of no image, though it is nearer: the findings that are signed are those of the image's scan."""
    context = jobs.context()
    other = jobs.folder / "other.json"
    other.write_text('{"of": "source"}')
    nearer = upstream(jobs.folder / "up", "source_scan", "scan", {"findings": ("findings", other)})
    result = run("sign", replace(context, upstream={**context.upstream, "source_scan": nearer}))
    assert result.facts["findings"] == digest_bytes(b"{}")


def test_a_key_may_come_in_any_form_a_server_keeps(jobs: Jobs) -> None:
    """As one line of base64, as a file, or with a passphrase of its own."""
    pair = make_keys(b"open sesame")
    file = jobs.folder / "secret.pem"
    file.write_bytes(pair.private)
    word = {"PIPELINE_KIT_SECRET_WORD": "open sesame"}
    forms = [
        ({"PIPELINE_KIT_SECRET_KEY": base64.b64encode(OURS.private).decode()}, {}, OURS.id),
        ({**SECRETS, **word}, {"key": "signing"}, OURS.id),
        ({"PIPELINE_KIT_SECRET_KEY": str(file), **word}, {"passphrase": "word"}, pair.id),
        ({"PIPELINE_KIT_SECRET_KEY": str(file), **word}, {"key": "key", "passphrase": "word"}, pair.id),
    ]
    for secrets, settings, key in forms:
        jobs.secrets, jobs.settings = secrets, dict(settings)
        assert run("sign", jobs.context()).facts["key"] == key


@pytest.mark.parametrize(
    ("secrets", "settings", "message"),
    [
        ({}, {}, "the job has 0 secrets"),
        ({**SECRETS, "PIPELINE_KIT_SECRET_OTHER": "other secret"}, {}, "the job has 2 secrets"),
        (SECRETS, {"key": "other"}, "key names the secret other"),
        (SECRETS, {"passphrase": "word"}, "passphrase names the secret word"),
        ({"PIPELINE_KIT_SECRET_KEY": "no key at all"}, {}, "the private key cannot be read"),
        ({"PIPELINE_KIT_SECRET_KEY": "/no/such/file"}, {}, "the private key cannot be read"),
    ],
)
def test_a_key_that_is_missing_is_asked_for(
    jobs: Jobs, secrets: dict[str, str], settings: dict[str, Value], message: str
) -> None:
    """By the name of the parameter or the secret; its value is not shown."""
    jobs.secrets, jobs.settings = secrets, settings
    with pytest.raises(UsageError, match=message):
        run("sign", jobs.context())


def other_package(jobs: Jobs) -> None:
    """A package with the same model, and other metrics."""
    make_package(jobs.package, metrics={"test": {"f1": 1.0}})


def other_manifest(jobs: Jobs) -> None:
    """An image with another manifest, whose labels are those of the package."""
    signed = Signed(jobs.layout)
    content = packaged_manifest(signed.image, signed.layout).replace(b'"f1": 0.97', b'"f1": 0.98')
    signed.with_layer([Entry(MANIFEST_FILE, content)])
    jobs.digest = signed.image.digest


def other_model(jobs: Jobs) -> None:
    """An image that says it has the package's model, and has another."""
    signed = Signed(jobs.layout)
    signed.with_layer([Entry(f"{MODEL}/model.json", b'{"threshold": 0.9}')])
    jobs.digest = signed.image.digest


def failed_package(jobs: Jobs) -> None:
    make_package(jobs.package, verdict={"status": "FAIL", "sentence": "f1 0.1 is under 0.5"})


def changed_layout(jobs: Jobs) -> None:
    jobs.facts["image"] = OTHER


def other_bill(jobs: Jobs) -> None:
    """Of another image, though its job says otherwise."""
    jobs.bill = bill_of(OTHER)


def bill_of_another_job(jobs: Jobs) -> None:
    jobs.facts["sbom"] = OTHER


def findings_of_another_job(jobs: Jobs) -> None:
    jobs.facts["findings"] = OTHER


def no_image(jobs: Jobs) -> None:
    jobs.without = ("image",)


def no_package(jobs: Jobs) -> None:
    jobs.without = ("package",)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (other_package, "package.digest says"),
        (other_manifest, "app/config/manifest.json of the image is sha256:.*, the package's is"),
        (other_model, "app/model/model.json of the image is not the model of its package"),
        (failed_package, "the package's verdict is FAIL: f1 0.1"),
        (changed_layout, "the layout holds sha256:.*, but image built sha256:aaa"),
        (other_bill, "the SBOM describes another image"),
        (bill_of_another_job, "the sbom of sbom is of sha256:aaa"),
        (findings_of_another_job, "the findings of findings is of sha256:aaa"),
        (no_image, "no job before this one made an image"),
        (no_package, "no job before this one made a package"),
    ],
)
def test_what_does_not_belong_together_is_not_signed(jobs: Jobs, change: object, message: str) -> None:
    """Nothing is left that could be taken for a signature."""
    assert callable(change)
    change(jobs)
    context = jobs.context()
    with pytest.raises(ModelError, match=message):
        run("sign", context)
    assert not (context.out / "attestation.json").exists()
