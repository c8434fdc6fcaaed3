"""One repository of a registry: blobs, manifests, tags and referrers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, urljoin

from pipeline_kit.adapters.registry.answer import Answer, one_line
from pipeline_kit.adapters.registry.download import Download
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
    Progress,
    StoredManifest,
)
from pipeline_kit.errors import InfrastructureError, ModelError

ACCEPTED = ", ".join((MANIFEST, INDEX, DOCKER_MANIFEST, DOCKER_INDEX))
MOST_PAGES = 1000
WRITERS = 5
"""How often the index that stands in for referrers is written again after another writer."""


class HttpRepository:
    """A repository. What comes from it is believed only where its digest is the one that was asked for."""

    def __init__(self, name: str, path: str, transport: Transport, cache: Path) -> None:
        self.name = name
        self._path = path
        self._transport = transport
        self._cache = cache

    # What Blobs promises.

    def manifest(self, reference: str | None = None) -> StoredManifest:
        """The manifest of a tag or digest. Raises ModelError where there is none, or other bytes than its digest's."""
        wanted = reference or "latest"
        found = self._manifest(wanted)
        if found is None:
            raise ModelError(f"{self.name} has no image {wanted}", hint="is it pushed, and may this job read it?")
        return found

    def blob(self, descriptor: ContentDescriptor) -> Path:
        """The blob in the cache, fetched where it is not there yet."""
        return Download(self._transport, self._url("blobs", descriptor.digest), self._scope(), self._cache).fetch(
            descriptor
        )

    def has(self, descriptor: ContentDescriptor) -> bool:
        """Whether the registry has the blob."""
        place = self._url("blobs", descriptor.digest)
        answer = self._ask("HEAD", place, {200, 404})
        return answer.status_code == 200

    def referrers(self, digest: str) -> tuple[ContentDescriptor, ...]:
        """By the referrers API, and by the tag that stands in for it where a registry or a tool has no API."""
        found: dict[str, ContentDescriptor] = {}
        place = self._url("referrers", digest)
        for index in (*self._listed(place, without={400, 404, 405}), self._fallback(digest)):
            for each in listed_in(index):
                try:
                    descriptor = read_descriptor(each, f"a referrer of {digest}")
                except ModelError as error:
                    raise self._transport.failed("GET", place, error.message) from error
                found[descriptor.digest] = descriptor
        return tuple(found.values())

    # What Repository adds.

    def push_blob(self, descriptor: ContentDescriptor, source: Path, progress: Progress) -> None:
        """Uploads a blob where it is not there yet."""
        if self.has(descriptor):
            progress(descriptor.size)
            return
        Upload(self._transport, self._path, self._scope(push=True), self._cache).send(descriptor, source, progress)

    def mount_blob(self, digest: str, other: str) -> bool:
        """Whether the registry took the blob over from another of its repositories."""
        scope = f"{self._scope(push=True)} repository:{other}:pull"
        place = f"/v2/{self._path}/blobs/uploads/?mount={quote(digest)}&from={quote(other, safe='')}"
        answer = self._transport.request("POST", place, scope=scope, body=b"")
        if answer.status_code == 202 and "Location" in answer.headers:  # it began an upload instead, which nobody wants
            with contextlib.suppress(InfrastructureError):  # the registry forgets it by itself, later
                self._transport.request("DELETE", answer.headers["Location"], scope=scope, tries=1)
        return answer.status_code == 201

    def push_manifest(self, manifest: StoredManifest, tag: str | None = None) -> None:
        """Writes a manifest by its digest, then moves the tag; what the registry now has is read back."""
        self._put(manifest, manifest.digest)
        if tag is not None:
            self._put(manifest, tag)
            found = self._manifest(tag)
            if found is None or found.digest != manifest.digest:
                raise self._transport.failed("PUT", self._url("manifests", tag), "the tag is not what was written")

    def attach(self, manifest: StoredManifest, subject: ContentDescriptor) -> None:
        """Writes a manifest with a subject, and lists it by a tag where the registry does not list it itself."""
        answer = self._put(manifest, manifest.digest)
        if answer.headers.get("OCI-Subject") == subject.digest:
            return
        document = read_document(manifest.content, manifest.digest)
        listed = ContentDescriptor(
            manifest.media_type, manifest.digest, len(manifest.content), artifact_type=document.get("artifactType")
        )
        for _ in range(WRITERS):
            index = self._fallback(subject.digest)
            others = [each for each in listed_in(index) if each.get("digest") != listed.digest]
            content = write_document(
                {"schemaVersion": 2, "mediaType": INDEX, "manifests": [*others, listed.document()]}
            )
            self._put(StoredManifest(content, INDEX, digest_bytes(content)), fallback_tag(subject.digest))
            seen = listed_in(self._fallback(subject.digest))
            if listed.digest in {each.get("digest") for each in seen}:
                return
        raise self._transport.failed("PUT", fallback_tag(subject.digest), "other writers keep replacing it")

    def tags(self) -> tuple[str, ...]:
        """All tags, page by page: all of them, or an InfrastructureError."""
        names: list[str] = []
        place = f"/v2/{self._path}/tags/list"
        for page in self._listed(f"{place}?n=1000", without={404}):
            listed = page.get("tags") or []  # a repository without tags says null
            if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
                raise self._transport.failed("GET", place, "its list of tags is none")
            names += listed
        return tuple(dict.fromkeys(names))

    def delete_manifest(self, digest: str) -> None:
        """Removes a manifest."""
        self._ask("DELETE", self._url("manifests", digest), {202, 200, 404}, push=True)

    def _manifest(self, wanted: str) -> StoredManifest | None:
        place = self._url("manifests", wanted)
        answer = self._ask("GET", place, {200, 404}, headers={"Accept": ACCEPTED})
        if answer.status_code == 404:
            return None
        content = answer.content
        digest = digest_bytes(content)
        if wanted.startswith("sha256:") and digest != wanted:
            raise ModelError(f"{self.name} gave other bytes than those of {wanted}", hint="it was changed on its way")
        try:
            media_type = read_document(content, f"{self.name}@{digest}").get("mediaType")
        except ModelError as error:
            raise self._transport.failed("GET", place, f"its answer is no manifest: {error.message}") from error
        told = answer.headers.get("Content-Type", "").partition(";")[0]
        return StoredManifest(content, media_type if isinstance(media_type, str) else told, digest)

    def _put(self, manifest: StoredManifest, reference: str) -> Answer:
        headers, place = {"Content-Type": manifest.media_type}, self._url("manifests", reference)
        answer = self._ask("PUT", place, {201}, headers, body=manifest.content, push=True)
        told = answer.headers.get("Docker-Content-Digest", manifest.digest)
        if told != manifest.digest:
            raise self._transport.failed("PUT", place, f"it keeps {one_line(told)} in place of {manifest.digest}")
        return answer

    def _fallback(self, digest: str) -> dict[str, object]:
        found = self._manifest(fallback_tag(digest))
        return read_document(found.content, fallback_tag(digest)) if found else {}

    def _listed(self, place: str, without: set[int]) -> Iterator[dict[str, object]]:
        """The documents of a list and of its further pages; none where the registry says that it has none.

        A list that began ends, or is an InfrastructureError: a part of one would be taken for the whole.
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
                raise self._transport.failed("GET", following, "its answer is no JSON") from error
            if not isinstance(document, dict):
                raise self._transport.failed("GET", following, "its answer is no JSON object")
            yield document
            page = answer.following()
            if page is None:
                return
            seen.add(following)
            answers, following = {200}, urljoin(following, page)
            if following in seen:
                break
        raise self._transport.failed("GET", place, "its list has no end")

    def _ask(
        self,
        method: str,
        place: str,
        answers: set[int],
        headers: dict[str, str] | None = None,
        *,
        body: bytes | None = None,
        push: bool = False,
    ) -> Answer:
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
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


def fallback_tag(digest: str) -> str:
    """The tag that lists a manifest's referrers where the registry does not (OCI Distribution Specification 1.1)."""
    return digest.replace(":", "-")
