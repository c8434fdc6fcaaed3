"""What a signature is given to: a statement that binds an image to its model, data, commit, parameters and verdict.

Source: in-toto Attestation Framework, Statement v1; SLSA 1.0, Provenance (predicate slsa.dev/provenance/v1).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipeline_kit import __version__
from pipeline_kit.contract.digest import PREFIX, digest_json
from pipeline_kit.contract.image_documents import Image
from pipeline_kit.images.build.assembly import BASE_DIGEST, BASE_NAME
from pipeline_kit.images.verify.package_facts import PackageFacts

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
BUILD_TYPE = "urn:pipeline-kit:image:1"
"""What `externalParameters` and the names of `resolvedDependencies` mean: as this module writes them."""
BUILDER = "urn:pipeline-kit:"
DATA = "data/"

Document = dict[str, Any]


def statement(image: Image, facts: PackageFacts, attached: Mapping[str, str], kit: str = __version__) -> Document:
    """The statement of an image; `attached` has the digests of `sbom` and `findings`.

    It holds no time and no name of a machine: the same image and package give the same statement.
    """
    return {
        "_type": STATEMENT,
        "subject": [{"name": facts.project, "digest": digest_set(image.digest)}],
        "predicateType": PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {"parameters": dict(facts.parameters), "seed": facts.seed},
                "internalParameters": {"dirty": facts.dirty, "kit_of_package": facts.kit},
                "resolvedDependencies": list(dependencies(image, facts)),
            },
            "runDetails": {
                "builder": {"id": BUILDER + kit, "version": {"pipeline-kit": kit}},
                "byproducts": list(byproducts(facts, attached)),
            },
        },
    }


def dependencies(image: Image, facts: PackageFacts) -> Iterator[Document]:
    """All that the image was made from, each by digest."""
    yield resource("model", facts.model_digest)
    yield resource("package", facts.digest)
    for name, digest in sorted(facts.data.items()):
        yield resource(DATA + name, digest)
    if facts.commit:
        yield {"name": "commit", "digest": {"gitCommit": facts.commit}}
    base = image.labels.get(BASE_DIGEST)
    if base:
        yield {**resource("base", base), "uri": image.labels.get(BASE_NAME, "")}
    yield {**resource("lock", facts.files[facts.lock].digest), "uri": facts.lock}


def byproducts(facts: PackageFacts, attached: Mapping[str, str]) -> Iterator[Document]:
    """What the run has left beside the image: metrics and verdict to be read, documents by digest."""
    for name, document in (("metrics", facts.metrics), ("verdict", facts.verdict)):
        yield {**resource(name, digest_json(dict(document))), "annotations": dict(document)}
    for name, digest in sorted(attached.items()):
        yield resource(name, digest)


def resource(name: str, digest: str) -> Document:
    """A resource descriptor of in-toto, by name and digest."""
    return {"name": name, "digest": digest_set(digest)}


def digest_set(digest: str) -> dict[str, str]:
    """A digest as in-toto writes it: hexadecimal, by its algorithm."""
    return {"sha256": digest.removeprefix(PREFIX)}


def named(resources: Sequence[Document], name: str) -> Document | None:
    """The only resource of that name, else None."""
    documents = [resource for resource in resources if resource.get("name") == name]
    return documents[0] if len(documents) == 1 else None
