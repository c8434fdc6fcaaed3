"""An image that was changed in a registry, on its disk or through its own doors: it is refused, and said why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline_kit.adapters.registry import HttpRegistries
from pipeline_kit.contract.digest import digest_bytes
from pipeline_kit.contract.oci import INDEX, MANIFEST, ContentDescriptor, Repository, StoredManifest
from pipeline_kit.errors import KitError
from pipeline_kit.images.names import ENVELOPE_TYPE, SBOM_TYPE, STATEMENT_TYPE
from pipeline_kit.images.oci.attach import Attachment, attachment
from pipeline_kit.images.oci.layout import index_document
from pipeline_kit.images.oci.push import push_image
from pipeline_kit.images.verify.image import verify_image
from tests.images.registry import Registry
from tests.images.signing import OURS, THEIRS, Signed, bill_of, make_layout
from tests.images.tampered_images import MODEL_FILE, OTHER, OTHER_MODEL, rewrite
from tests.scan.pictures import Entry

Count = Callable[[str, int], None]


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image that nobody changes."""
    return make_layout(tmp_path_factory.mktemp("good"))


@pytest.fixture
def signed(source: Path, tmp_path: Path) -> Signed:
    """A copy of it, signed."""
    return Signed.copy(source, tmp_path / "image")


@dataclass
class Remote:
    """A signed image in a real registry."""

    registry: Registry
    name: str
    folder: Path
    digest: str

    def repository(self) -> Repository:
        """The repository, with a cache that has nothing yet."""
        cache = self.folder / f"cache-{len(list(self.folder.glob('cache-*')))}"
        variables = {"HOME": str(self.folder)}
        return HttpRegistries(variables, [self.registry.host], cache, lambda _: None).repository(self.name)

    def verify(self, reference: str | None = "latest", *, deep: bool = True) -> str:
        return verify_image(self.repository(), reference, keys=[OURS.public], deep=deep).digest

    def stored(self, digest: str) -> Path:
        """Where the registry keeps a blob."""
        hexadecimal = digest.removeprefix("sha256:")
        root = self.registry.storage / "docker/registry/v2/blobs/sha256"
        return root / hexadecimal[:2] / hexadecimal / "data"


def push(case: Signed, target: Repository, tag: str, attached: tuple[Attachment, ...]) -> None:
    push_image(
        case.layout,
        case.image,
        target,
        attachments=attached,
        tags=(tag,),
        parallel=2,
        elsewhere={},
        tell=lambda _: None,
    )


def attachments(subject: ContentDescriptor, statement: bytes | None, bill: bytes | None) -> tuple[Attachment, ...]:
    found = []
    if statement is not None:
        found.append(attachment(subject, statement, artifact_type=STATEMENT_TYPE, payload_type=ENVELOPE_TYPE))
    if bill is not None:
        found.append(attachment(subject, bill, artifact_type=SBOM_TYPE, payload_type=SBOM_TYPE))
    return tuple(found)


def remote_of(case: Signed, registry: Registry, name: str, folder: Path, **payloads: bytes | None) -> Remote:
    """The image pushed, with what is attached to it."""
    whole = f"{registry.host}/tampering/{name}"
    folder.mkdir(exist_ok=True)
    remote = Remote(registry, whole, folder, case.image.digest)
    told = {"statement": case.envelope(), "bill": bill_of(case.image.digest), **payloads}
    push(case, remote.repository(), "latest", attachments(case.image.descriptor, told["statement"], told["bill"]))
    return remote


def corrupted(kind: str) -> Callable[[Signed, Remote], None]:
    """A byte of a blob changed on the registry's own disk."""

    def tamper(case: Signed, remote: Remote) -> None:
        digests = {"config": case.image.config_descriptor.digest, "manifest": case.image.digest}
        path = remote.stored(digests.get(kind) or case.layer(kind).digest)
        rewrite(
            path, lambda old: old[:-600] + bytes([old[-600] ^ 1]) + old[-599:] if len(old) > 600 else b"x" + old[1:]
        )

    return tamper


def moved(case: Signed, remote: Remote) -> None:
    """The tag moved to an image that others have built, and signed themselves."""
    case.instead("model", [Entry(MODEL_FILE, OTHER_MODEL)])
    case.attach({})
    other = case.envelope(pair=THEIRS)
    push(case, remote.repository(), "latest", attachments(case.image.descriptor, other, None))


def copied(case: Signed, remote: Remote) -> None:
    """The tag moved to another image, to which the statement of the good one is attached."""
    statement = case.envelope()
    case.instead("model", [Entry(MODEL_FILE, OTHER_MODEL)])
    push(case, remote.repository(), "latest", attachments(case.image.descriptor, statement, None))


def swapped(case: Signed, remote: Remote) -> None:
    """The list of what is attached written anew, with another SBOM."""
    repository = remote.repository()
    (other,) = attachments(case.image.descriptor, None, bill_of(OTHER))
    payload = case.layout.add_bytes(other.payload, other.descriptor.media_type)
    repository.push_blob(payload, case.layout.path(payload.digest), lambda _: None)
    repository.push_manifest(other.manifest)
    added = ContentDescriptor(MANIFEST, other.manifest.digest, len(other.manifest.content), artifact_type=SBOM_TYPE)
    kept = [each for each in repository.referrers(case.image.digest) if each.artifact_type != SBOM_TYPE]
    content = index_document([*kept, added])
    listing = StoredManifest(content, INDEX, digest_bytes(content))
    repository.push_manifest(listing, case.image.digest.replace(":", "-"))


@contextmanager
def restored(remote: Remote, case: Signed) -> Iterator[None]:
    """Puts back what a registry keeps once for all its repositories."""
    image = case.image
    digests = (image.digest, image.config_descriptor.digest, *(each.digest for each in image.layers))
    before = {remote.stored(each): remote.stored(each).read_bytes() for each in digests}
    try:
        yield
    finally:
        for path, content in before.items():
            path.write_bytes(content)


REMOTE: dict[str, tuple[Callable[[Signed, Remote], None], str]] = {
    "a byte of the model": (corrupted("model"), "sha256"),
    "a byte of the code": (corrupted("code"), "sha256"),
    "a byte of the config": (corrupted("config"), "sha256"),
    "a byte of the manifest": (corrupted("manifest"), "sha256|manifest"),
    "a tag moved to an image of others": (moved, "signed by none of the given keys"),
    "a tag moved to an image with our statement": (copied, "the attestation is of"),
    "an sbom swapped": (swapped, "the attached SBOM is"),
}


@pytest.mark.registry
@pytest.mark.parametrize("name", REMOTE)
def test_what_was_changed_in_a_registry_is_refused(
    signed: Signed, registry: Registry, tmp_path: Path, name: str, count: Count
) -> None:
    """On its disk, or through its own doors; before that, the image passed."""
    remote = remote_of(signed, registry, name.replace(" ", "-"), tmp_path / "remote")
    assert remote.verify() == remote.digest
    tamper, message = REMOTE[name]
    with restored(remote, signed):
        tamper(signed, remote)
        with pytest.raises(KitError, match=message):
            remote.verify()
    count("ways of tampering refused by verify", 1)
