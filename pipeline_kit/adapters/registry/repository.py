"""One repository of a registry: blobs, manifests, tags and referrers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, urljoin

from pipeline_kit.adapters.registry.download import Download
from pipeline_kit.adapters.registry.response import RegistryResponse, one_line
from pipeline_kit.adapters.registry.transport import Transport
from pipeline_kit.adapters.registry.upload import Upload
from pipeline_kit.contract.digest import digest_bytes
from pipeline_kit.contract.image_documents import read_descriptor, read_document, write_document
from pipeline_kit.contract.oci import (
    DOCKER_INDEX,
    DOCKER_MANIFEST,
    INDEX,
    MANIFEST,
    ContentDescriptor,
    OnBytes,
    StoredManifest,
)
from pipeline_kit.errors import InfrastructureError, ModelError

ACCEPTED = ", ".join((MANIFEST, INDEX, DOCKER_MANIFEST, DOCKER_INDEX))
MOST_PAGES = 1000
WRITERS = 5
"""How often the fallback index of referrers is written again after another writer replaced it."""


class HttpRepository:
    """A repository. Its content is trusted only where it matches the requested digest."""

    def __init__(self, name: str, path: str, transport: Transport, cache: Path) -> None:
        self.name = name
        self._path = path
        self._transport = transport
        self._cache = cache

    # The port Blobs.

    def manifest(self, reference: str | None = None) -> StoredManifest:
        """The manifest of a tag or digest. Raises ModelError where it is missing or does not match its digest."""
        reference = reference or "latest"
        manifest = self._manifest(reference)
        if manifest is None:
            hint = "push it first, or check that this job may read the repository"
            raise ModelError(f"{self.name} has no image {reference}", hint=hint)
        return manifest

    def blob(self, descriptor: ContentDescriptor) -> Path:
        """The blob's file in the cache, downloaded where it is missing."""
        return Download(self._transport, self._url("blobs", descriptor.digest), self._scope(), self._cache).fetch(
            descriptor
        )

    def has(self, descriptor: ContentDescriptor) -> bool:
        """Whether the registry has the blob."""
        place = self._url("blobs", descriptor.digest)
        answer = self._ask("HEAD", place, {200, 404})
        return answer.status_code == 200

    def referrers(self, digest: str) -> tuple[ContentDescriptor, ...]:
        """From the referrers API and from the fallback tag, which registries and tools without that API use."""
        referrers: dict[str, ContentDescriptor] = {}
        place = self._url("referrers", digest)
        for index in (*self._listed(place, without={400, 404, 405}), self._fallback(digest)):
            for entry in listed_in(index):
                try:
                    descriptor = read_descriptor(entry, f"a referrer of {digest}")
                except ModelError as error:
                    raise self._transport.failed("GET", place, error.message) from error
                referrers[descriptor.digest] = descriptor
        return tuple(referrers.values())

    # The port Repository.

    def push_blob(self, descriptor: ContentDescriptor, source: Path, on_bytes: OnBytes) -> None:
        """Uploads a blob that the registry lacks."""
        if self.has(descriptor):
            on_bytes(descriptor.size)
            return
        Upload(self._transport, self._path, self._scope(push=True), self._cache).send(descriptor, source, on_bytes)

    def mount_blob(self, digest: str, other: str) -> bool:
        """Mounts the blob from another repository of the registry; whether the registry did."""
        scope = f"{self._scope(push=True)} repository:{other}:pull"
        place = f"/v2/{self._path}/blobs/uploads/?mount={quote(digest)}&from={quote(other, safe='')}"
        answer = self._transport.request("POST", place, scope=scope, body=b"")
        if answer.status_code == 202 and "Location" in answer.headers:  # it started an upload instead
            with contextlib.suppress(InfrastructureError):  # the registry drops it later by itself
                self._transport.request("DELETE", answer.headers["Location"], scope=scope, tries=1)
        return answer.status_code == 201

    def push_manifest(self, manifest: StoredManifest, tag: str | None = None) -> None:
        """Writes a manifest by its digest, then moves the tag and checks it by reading it again."""
        self._put(manifest, manifest.digest)
        if tag is not None:
            self._put(manifest, tag)
            written = self._manifest(tag)
            if written is None or written.digest != manifest.digest:
                raise self._transport.failed(
                    "PUT", self._url("manifests", tag), "the tag does not point to the pushed image"
                )

    def attach(self, manifest: StoredManifest, subject: ContentDescriptor) -> None:
        """Writes a manifest with a subject; lists it under the fallback tag where the registry has no referrers API."""
        answer = self._put(manifest, manifest.digest)
        if answer.headers.get("OCI-Subject") == subject.digest:
            return
        document = read_document(manifest.content, manifest.digest)
        listed = ContentDescriptor(
            manifest.media_type, manifest.digest, len(manifest.content), artifact_type=document.get("artifactType")
        )
        for _ in range(WRITERS):
            index = self._fallback(subject.digest)
            others = [entry for entry in listed_in(index) if entry.get("digest") != listed.digest]
            content = write_document(
                {"schemaVersion": 2, "mediaType": INDEX, "manifests": [*others, listed.document()]}
            )
            self._put(StoredManifest(content, INDEX, digest_bytes(content)), fallback_tag(subject.digest))
            seen = listed_in(self._fallback(subject.digest))
            if listed.digest in {entry.get("digest") for entry in seen}:
                return
        raise self._transport.failed("PUT", fallback_tag(subject.digest), f"other writers replaced it {WRITERS} times")

    def tags(self) -> tuple[str, ...]:
        """All tags, from all pages: never a part of them, rather an InfrastructureError."""
        names: list[str] = []
        place = f"/v2/{self._path}/tags/list"
        for page in self._listed(f"{place}?n=1000", without={404}):
            listed = page.get("tags") or []  # null in a repository without tags
            if not isinstance(listed, list) or not all(isinstance(tag, str) for tag in listed):
                raise self._transport.failed("GET", place, "the registry returned no tag list")
            names += listed
        return tuple(dict.fromkeys(names))

    def delete_manifest(self, digest: str) -> None:
        """Removes a manifest."""
        self._ask("DELETE", self._url("manifests", digest), {202, 200, 404}, push=True)

    def _manifest(self, reference: str) -> StoredManifest | None:
        """The manifest of a tag or digest, None where it is missing."""
        place = self._url("manifests", reference)
        answer = self._ask("GET", place, {200, 404}, headers={"Accept": ACCEPTED})
        if answer.status_code == 404:
            return None
        content = answer.content
        digest = digest_bytes(content)
        if reference.startswith("sha256:") and digest != reference:
            hint = "the image manifest was changed in the registry or on its way"
            raise ModelError(f"{self.name} returned content that does not match {reference}", hint=hint)
        try:
            media_type = read_document(content, f"{self.name}@{digest}").get("mediaType")
        except ModelError as error:
            raise self._transport.failed(
                "GET", place, f"its answer is not an image manifest: {error.message}"
            ) from error
        content_type = answer.headers.get("Content-Type", "").partition(";")[0]
        return StoredManifest(content, media_type if isinstance(media_type, str) else content_type, digest)

    def _put(self, manifest: StoredManifest, reference: str) -> RegistryResponse:
        headers, place = {"Content-Type": manifest.media_type}, self._url("manifests", reference)
        answer = self._ask("PUT", place, {201}, headers, body=manifest.content, push=True)
        stored = answer.headers.get("Docker-Content-Digest", manifest.digest)
        if stored != manifest.digest:
            raise self._transport.failed("PUT", place, f"it stored {one_line(stored)} instead of {manifest.digest}")
        return answer

    def _fallback(self, digest: str) -> dict[str, object]:
        """The index under the fallback tag, empty where it is missing."""
        manifest = self._manifest(fallback_tag(digest))
        return read_document(manifest.content, fallback_tag(digest)) if manifest else {}

    def _listed(self, place: str, without: set[int]) -> Iterator[dict[str, object]]:
        """The documents of a list, page by page; none where the first answer has a status of `without`.

        Raises InfrastructureError where a later page fails: a part of the list must not pass for the whole.
        """
        answers, following = {200, *without}, place
        seen: set[str] = set()
        for _ in range(MOST_PAGES):
            answer = self._ask("GET", following, answers)
            if answer.status_code != 200:
                return
            try:
                document = answer.document()
            except ValueError as error:
                raise self._transport.failed("GET", following, "its answer is not JSON") from error
            if not isinstance(document, dict):
                raise self._transport.failed("GET", following, "its answer is not a JSON object")
            yield document
            page = answer.following()
            if page is None:
                return
            seen.add(following)
            answers, following = {200}, urljoin(following, page)
            if following in seen:
                break
        raise self._transport.failed("GET", place, f"its list has more than {MOST_PAGES} pages, or they form a loop")

    def _ask(
        self,
        method: str,
        place: str,
        answers: set[int],
        headers: dict[str, str] | None = None,
        *,
        body: bytes | None = None,
        push: bool = False,
    ) -> RegistryResponse:
        scope = self._scope(push=push)
        answer = self._transport.request(method, place, scope=scope, headers=headers, body=body)
        if answer.status_code not in answers:
            raise self._transport.refused(method, place, answer)
        return answer

    def _url(self, what: str, which: str) -> str:
        return f"/v2/{self._path}/{what}/{quote(which, safe=':')}"

    def _scope(self, *, push: bool = False) -> str:
        return f"repository:{self._path}:pull,push" if push else f"repository:{self._path}:pull"


def listed_in(index: Mapping[str, object]) -> list[dict[str, object]]:
    """The entries of an index that are objects."""
    listed = index.get("manifests")
    return [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []


def fallback_tag(digest: str) -> str:
    """The tag that lists a manifest's referrers where a registry has no API for them (OCI Distribution Spec 1.1)."""
    return digest.replace(":", "-")
