"""Reads an untrusted statement and checks it against the image that it names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline_kit.contract.digest import PREFIX, digest_json
from pipeline_kit.contract.image_documents import Image, read_document, write_document
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.errors import ModelError
from pipeline_kit.images.build.assembly import BASE_DIGEST
from pipeline_kit.images.names import (
    LABEL_MODEL_DIGEST,
    LABEL_PACKAGE_DIGEST,
    LABEL_REVISION,
    LABEL_TITLE,
    LABEL_VERDICT,
)
from pipeline_kit.images.verify.package_facts import PackageFacts, refuse_unpassed
from pipeline_kit.images.verify.statement import BUILD_TYPE, BUILDER, PREDICATE, STATEMENT, statement

HEXADECIMAL = {"sha256": re.compile("[0-9a-f]{64}"), "gitCommit": re.compile("[0-9a-f]{40}([0-9a-f]{24})?")}
ATTACHED = ("findings", "sbom")
DEEPEST = 4
HINT = "sign the image that was built from this package again"


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of the kit: whose image it is of, and by name what it was made from and what was left beside it."""

    project: str
    image: str
    kit: str
    dependencies: Mapping[str, str]
    byproducts: Mapping[str, str]
    verdict: Mapping[str, Value]
    metrics: Mapping[str, Value]
    document: Mapping[str, Any]


def read_statement(payload: bytes) -> Statement:
    """The statement in a payload. Raises ModelError for anything but one of the kit's."""
    document = read_document(payload, "the attestation's statement")
    for name, expected in (("_type", STATEMENT), ("predicateType", PREDICATE)):
        if document.get(name) != expected:
            raise ModelError(f"the statement's {name} is {document.get(name)!r}, not {expected}", hint=HINT)
    try:
        return statement_of(document)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise ModelError(f"the statement was not made by the kit: {error!r}", hint=HINT) from error


def statement_of(document: Mapping[str, Any]) -> Statement:
    """The statement in a document. Raises KeyError, TypeError, ValueError or AttributeError for an invalid one."""
    subjects = document["subject"]
    if len(subjects) != 1:
        raise ModelError(f"the statement is of {len(subjects)} subjects, not of one image", hint=HINT)
    build, run = document["predicate"]["buildDefinition"], document["predicate"]["runDetails"]
    if build["buildType"] != BUILD_TYPE:
        raise ModelError(f"the statement's build is {build['buildType']!r}, not {BUILD_TYPE}", hint=HINT)
    builder = run["builder"]["id"]
    if not builder.startswith(BUILDER):
        raise ModelError(f"the statement is of the builder {builder!r}, not of the kit", hint=HINT)
    write_document(document)  # raises for anything but plain JSON, such as NaN
    byproducts = by_name(run["byproducts"])
    text = {entry["name"]: entry.get("annotations") for entry in run["byproducts"]}
    for name in ("verdict", "metrics"):
        if byproducts.get(name) != digest_json(dict(text[name])):
            raise ModelError(f"the statement's {name} is not that of its digest", hint=HINT)
    return Statement(
        str(subjects[0]["name"]),
        stated_digest(subjects[0], "subject"),
        builder.removeprefix(BUILDER),
        by_name(build["resolvedDependencies"]),
        byproducts,
        dict(text["verdict"]),
        dict(text["metrics"]),
        document,
    )


def by_name(resources: list[Mapping[str, Any]]) -> dict[str, str]:
    """The digests of resources by their names. Raises ModelError for a repeated name."""
    values: dict[str, str] = {}
    for resource in resources:
        name = str(resource["name"])
        if name in values:
            raise ModelError(f"the statement names {name} twice", hint=HINT)
        values[name] = stated_digest(resource, name)
    return values


def stated_digest(resource: Mapping[str, Any], name: str) -> str:
    """The one digest of a resource. Raises ModelError for another algorithm, or an invalid digest."""
    digests = resource["digest"]
    expected = "gitCommit" if name == "commit" else "sha256"
    if set(digests) != {expected}:
        raise ModelError(
            f"the statement's {name} has a digest by {', '.join(sorted(digests))}, not {expected}", hint=HINT
        )
    value = digests[expected]
    if not isinstance(value, str) or not HEXADECIMAL[expected].fullmatch(value):
        raise ModelError(f"the statement's {name} has {value!r} for a digest", hint=HINT)
    return value if expected == "gitCommit" else PREFIX + value


def check_against_image(stated: Statement, image: Image) -> None:
    """Raises ModelError unless the statement is of this image, agrees with its labels, and its verdict passed."""
    if stated.image != image.digest:
        raise ModelError(f"the attestation is of {stated.image}, not of {image.digest}", hint=HINT)
    for what, ours, label in stated_by_labels(stated):
        theirs = image.labels.get(label)
        if theirs != ours:
            raise ModelError(f"the statement's {what} is {ours}, the image's label {label} says {theirs}", hint=HINT)
    refuse_unpassed(stated.verdict, "the statement's")


def stated_by_labels(stated: Statement) -> Iterator[tuple[str, str | None, str]]:
    """The facts in both the statement and a label: name, the statement's value, and the label."""
    yield "project", stated.project, LABEL_TITLE
    yield "model", stated.dependencies.get("model"), LABEL_MODEL_DIGEST
    yield "package", stated.dependencies.get("package"), LABEL_PACKAGE_DIGEST
    yield "commit", stated.dependencies.get("commit"), LABEL_REVISION
    yield "base", stated.dependencies.get("base"), BASE_DIGEST
    yield "verdict", str(stated.verdict.get("status")), LABEL_VERDICT


def check_against_package(stated: Statement, image: Image, facts: PackageFacts) -> None:
    """Raises ModelError naming what the statement says otherwise than one made of this image and package would."""
    attached = {name: stated.byproducts[name] for name in ATTACHED if name in stated.byproducts}
    ours = statement(image, facts, attached, stated.kit)
    required = statement_of(ours)
    both = ((stated.dependencies, required.dependencies), (stated.byproducts, required.byproducts))
    for theirs, expected in both:
        for name in sorted({*theirs, *expected}):
            if theirs.get(name) != expected.get(name):
                what = f"the statement's {name} is {theirs.get(name)}, that of the image's package {expected.get(name)}"
                raise ModelError(what, hint=HINT)
    if write_document(stated.document) != write_document(ours):
        raise ModelError(f"the statement's {unequal(stated.document, ours)} is not that of the package", hint=HINT)


def unequal(stated: Mapping[str, Any], ours: Mapping[str, Any], path: str = "") -> str:
    """Where two documents differ first, as a path of names."""
    for name in sorted({*stated, *ours}):
        one, other = stated.get(name), ours.get(name)
        if isinstance(one, dict) and isinstance(other, dict) and path.count(".") < DEEPEST:
            if write_document(one) != write_document(other):
                return unequal(one, other, f"{path}{name}.")
        elif type(one) is not type(other) or one != other:
            return path + name
    return path.rstrip(".") or "document"
