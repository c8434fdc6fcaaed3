"""The SBOM of an image, as CycloneDX 1.6 JSON: what it holds, and by which digests.

The same image gives the same bytes: the serial number comes from its digest and the time from its configuration.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from pipeline_kit import __version__
from pipeline_kit.contract.digest import PREFIX
from pipeline_kit.contract.image_documents import Image
from pipeline_kit.errors import ModelError
from pipeline_kit.images.names import (
    LABEL_MODEL_DIGEST,
    LABEL_MODEL_VERSION,
    LABEL_PREFIX,
    LABEL_REVISION,
    LABEL_TITLE,
    MODEL,
)
from pipeline_kit.images.sbom.inventory import Inventory, Package

if TYPE_CHECKING:
    from cyclonedx.model import HashType, Property
    from cyclonedx.model.component import Component
    from cyclonedx.model.license import License

RECORD_PROPERTY = f"{LABEL_PREFIX}record.digest"


@dataclass(frozen=True, slots=True)
class Subject:
    """The image that the SBOM describes, from its configuration and labels."""

    title: str
    digest: str
    created: datetime
    labels: dict[str, str]

    @classmethod
    def of(cls, image: Image) -> Subject:
        """The subject of an image. Raises ModelError where it has no time of creation that can be read."""
        message = str(image.config.get("created") or "1970-01-01T00:00:00Z")
        try:
            created = datetime.fromisoformat(message)
        except ValueError as error:
            hint = "its configuration is not one of OCI"
            raise ModelError(f"the image says it was created at {message!r}", hint=hint) from error
        labels = dict(image.labels)
        created = created if created.tzinfo else created.replace(tzinfo=UTC)
        return cls(labels.get(LABEL_TITLE, "image"), image.digest, created, labels)


def sbom_document(image: Image, inventory: Inventory) -> bytes:
    """The document's bytes. Raises ModelError where the image's configuration cannot be read."""
    from cyclonedx.model.bom import Bom, BomMetaData
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.model.tool import ToolRepository
    from cyclonedx.output.json import JsonV1Dot6

    subject = Subject.of(image)
    root = image_component(subject)
    tool = Component(name="pipeline-kit", version=__version__, type=ComponentType.APPLICATION, bom_ref="pipeline-kit")
    bom = Bom(serial_number=uuid5(NAMESPACE_URL, subject.digest), version=1)
    bom.metadata = BomMetaData(component=root, timestamp=subject.created, tools=ToolRepository(components=[tool]))
    for component in components(subject, inventory):
        bom.components.add(component)
    bom.register_dependency(root, bom.components)
    text = JsonV1Dot6(bom).output_as_string()
    return (json.dumps(json.loads(text), indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def components(subject: Subject, inventory: Inventory) -> Iterable[Component]:
    """Everything in the image: the model, where it has one, and each package once."""
    if LABEL_MODEL_DIGEST in subject.labels:
        yield model_component(subject)
    distribution = inventory.distribution()
    seen: set[str] = set()
    for package in inventory.packages():
        component = package_component(package, distribution)
        reference = str(component.bom_ref.value)
        if reference not in seen:  # one distribution may lie in two places
            seen.add(reference)
            yield component


def image_component(subject: Subject) -> Component:
    """The image itself."""
    from cyclonedx.model.component import Component, ComponentType
    from packageurl import PackageURL

    purl = PackageURL("oci", name=subject.title.lower(), version=subject.digest)
    return Component(
        name=subject.title,
        version=subject.labels.get(LABEL_REVISION) or subject.digest,
        type=ComponentType.CONTAINER,
        bom_ref=str(purl),
        purl=purl,
        hashes=hashes([subject.digest.removeprefix(PREFIX)]),
        properties=properties({name: value for name, value in subject.labels.items() if name.startswith(LABEL_PREFIX)}),
    )


def model_component(subject: Subject) -> Component:
    """The model, by the digest that its gate judged."""
    from cyclonedx.model.component import Component, ComponentType

    digest = subject.labels[LABEL_MODEL_DIGEST]
    return Component(
        name=f"{subject.title}-model",
        version=subject.labels.get(LABEL_MODEL_VERSION) or digest,
        type=ComponentType.MACHINE_LEARNING_MODEL,
        bom_ref=f"model:{digest}",
        hashes=hashes([digest.removeprefix(PREFIX)]),
        properties=properties({f"{LABEL_PREFIX}path": MODEL}),
    )


def package_component(package: Package, distribution: tuple[str, str]) -> Component:
    """A package as a library."""
    from cyclonedx.model.component import Component, ComponentType
    from packageurl import PackageURL
    from packaging.utils import canonicalize_name

    if package.kind == "pypi":
        purl = PackageURL("pypi", name=canonicalize_name(package.name), version=package.version)
    else:
        name, version = distribution
        qualifiers = {"arch": package.architecture, "distro": f"{name}-{version}" if version else ""}
        purl = PackageURL("deb", name, package.name, package.version, {k: v for k, v in qualifiers.items() if v})
    return Component(
        name=package.name,
        version=package.version,
        type=ComponentType.LIBRARY,
        bom_ref=str(purl),
        purl=purl,
        description=package.summary or None,
        hashes=hashes(package.hashes),
        licenses=licences(package.licences),
        properties=properties({RECORD_PROPERTY: package.record} if package.record else {}),
    )


def licences(names: Iterable[str]) -> list[License]:
    """The licences: an SPDX expression, or each by its SPDX id, or by the name that the package gives it."""
    from cyclonedx.contrib.license.factories import LicenseFactory
    from cyclonedx.model.license import LicenseExpression

    factory = LicenseFactory()
    licenses: list[License] = [factory.make_from_string(name) for name in names]
    if len(licenses) > 1:  # an expression must be the only entry, so beside others it is a name
        return [
            factory.make_with_name(item.value) if isinstance(item, LicenseExpression) else item for item in licenses
        ]
    return licenses


def hashes(values: Iterable[str]) -> list[HashType]:
    """SHA-256 digests, hexadecimal."""
    from cyclonedx.model import HashAlgorithm, HashType

    return [HashType(alg=HashAlgorithm.SHA_256, content=value) for value in values if value]


def properties(values: dict[str, str]) -> list[Property]:
    """Names and values."""
    from cyclonedx.model import Property

    return [Property(name=name, value=value) for name, value in sorted(values.items())]
