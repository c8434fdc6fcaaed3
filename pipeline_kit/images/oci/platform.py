"""OCI platforms such as `linux/amd64`, and the image of one in an index of several."""

from __future__ import annotations

import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline_kit.contract.oci import ContentDescriptor
from pipeline_kit.errors import UsageError

MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
FORM = re.compile(r"linux/[a-z0-9]+(?:/v[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Platform:
    """An operating system, an architecture, and where it has several a variant."""

    architecture: str
    variant: str = ""
    system: str = "linux"

    def __str__(self) -> str:
        return "/".join(text for text in (self.system, self.architecture, self.variant) if text)

    def document(self) -> dict[str, str]:
        """The platform as a descriptor in an index has it, and a configuration."""
        values = {"architecture": self.architecture, "os": self.system}
        return {**values, "variant": self.variant} if self.variant else values

    def fits(self, architecture: object, system: object, variant: object) -> bool:
        """Whether an image of that platform is one of this; where one names no variant, any will do."""
        variants = not self.variant or not variant or self.variant == variant
        return (architecture, system) == (self.architecture, self.system) and variants


def read_platform(text: str | None) -> Platform:
    """The platform of a text; without one this machine's. Raises UsageError for an invalid one."""
    if text is None:
        machine = platform.machine().lower()
        return Platform(MACHINES.get(machine, machine))
    if not FORM.fullmatch(text):
        raise UsageError(f"{text!r} is not a platform", hint="for example linux/amd64 or linux/arm64")
    system, architecture, *variant = text.split("/")
    return Platform(architecture, variant[0] if variant else "", system)


def choose(manifests: Sequence[ContentDescriptor], wanted: Platform, label: str) -> ContentDescriptor:
    """The manifest of a platform among those of an index. Raises UsageError naming what there is."""
    for manifest in manifests:
        platform = manifest.platform
        if wanted.fits(platform.get("architecture"), platform.get("os"), platform.get("variant")):
            return manifest
    known = {
        "/".join(manifest.platform[part] for part in ("os", "architecture") if part in manifest.platform): None
        for manifest in manifests
    }
    raise UsageError(
        f"{label} has no image for {wanted}", hint=f"it has: {', '.join(item for item in known if item) or 'none'}"
    )
