"""The SBOM: every package by its purl, the model and the image by digest, the same bytes each time."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from pipeline_kit.contract.image_documents import Image
from pipeline_kit.errors import ModelError
from pipeline_kit.images.oci.files import image_files
from pipeline_kit.images.oci.layout import Layout
from pipeline_kit.images.sbom.document import sbom_document
from pipeline_kit.images.sbom.inventory import Inventory
from tests.scan.pictures import CREATED, MODEL_DIGEST, Entry, Layer, Picture, text

SITE = "usr/local/lib/python3.11/site-packages"
STATUS = b"""Package: libc6
Status: install ok installed
Architecture: amd64
Version: 2.36-9+deb12u4
Description: GNU C Library
 shared libraries

Package: gone
Status: deinstall ok config-files
Version: 1.0

Package: adduser
Status: install ok installed
Architecture: all
Version: 3.134
"""


def metadata(name: str, version: str, *more: str) -> bytes:
    return "\n".join(
        ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *more, "", "Name: body"]
    ).encode()


HASH = "ab" * 32
NUMPY = metadata("NumPy", "2.0", "License-Expression: BSD-3-Clause")
LAYERS = [
    Layer(
        [
            Entry("etc/os-release", b'ID=debian\nVERSION_ID="12"\n'),
            Entry("var/lib/dpkg/status", STATUS),
            Entry("usr/share/doc/adduser/copyright", b"Format: x\n\nFiles: *\nLicense: GPL-2+\n\nLicense: GPL-2+\n"),
            Entry(f"{SITE}/pip-23.2.dist-info/METADATA", metadata("pip", "23.2", "License: MIT")),
            Entry(f"{SITE}/old-1.0.dist-info/METADATA", metadata("old", "1.0")),
        ],
        "base",
    ),
    Layer([Entry(f"{SITE}/.wh.old-1.0.dist-info")], "base"),
    Layer(
        [
            Entry(
                "app/packages/numpy-2.0.dist-info/METADATA",
                NUMPY,
            ),
            Entry(
                "app/packages/numpy-2.0.dist-info/direct_url.json",
                text({"url": "x", "archive_info": {"hashes": {"sha256": HASH}}}),
            ),
            Entry("app/packages/numpy-2.0.dist-info/RECORD", b"numpy/a.py,sha256=x,1\n"),
            Entry(
                "app/packages/My_Lib-1.dist-info/METADATA",
                metadata(
                    "My_Lib",
                    "1",
                    "Classifier: License :: OSI Approved :: MIT License",
                    "Classifier: License :: OSI Approved :: Apache Software License",
                    "Summary: Sums.",
                ),
            ),
            Entry("app/packages/broken-1.dist-info/METADATA", b"\xff\xfe nothing"),
            Entry("app/packages/broken-1.dist-info/direct_url.json", b"{"),
        ],
        "dependencies",
    ),
]


def bill(layout: Layout, image: Image) -> bytes:
    inventory = Inventory()
    for file in image_files(image, layout):
        inventory.see(file)
    return sbom_document(image, inventory)


def read(folder: Path, **changes: Any) -> tuple[dict[str, Any], str]:
    layout, image = Picture(LAYERS, **changes).write(folder)
    content = bill(layout, image)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(content.decode()) is None
    return json.loads(content), image.digest


def test_what_is_in_it(tmp_path: Path) -> None:
    """Python and Debian packages of the final files with licences and hashes, the model, and the image."""
    document, digest = read(tmp_path)
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    found = {each["bom-ref"]: each for each in document["components"]}
    assert set(found) == {
        f"model:{MODEL_DIGEST}",
        "pkg:pypi/numpy@2.0",
        "pkg:pypi/my-lib@1",
        "pkg:pypi/pip@23.2",
        "pkg:deb/debian/libc6@2.36-9%2Bdeb12u4?arch=amd64&distro=debian-12",
        "pkg:deb/debian/adduser@3.134?arch=all&distro=debian-12",
    }
    assert found["pkg:pypi/numpy@2.0"]["hashes"] == [{"alg": "SHA-256", "content": HASH}]
    assert found["pkg:pypi/numpy@2.0"]["licenses"] == [{"license": {"id": "BSD-3-Clause"}}]
    assert {each["license"]["name"] for each in found["pkg:pypi/my-lib@1"]["licenses"]} == {
        "MIT License",
        "Apache Software License",
    }
    assert found["pkg:pypi/my-lib@1"]["description"] == "Sums."
    model = found[f"model:{MODEL_DIGEST}"]
    assert (model["type"], model["version"]) == ("machine-learning-model", "7")
    assert model["hashes"] == [{"alg": "SHA-256", "content": MODEL_DIGEST.removeprefix("sha256:")}]
    subject = document["metadata"]["component"]
    assert (subject["type"], subject["name"]) == ("container", "fraud")
    assert subject["hashes"] == [{"alg": "SHA-256", "content": digest.removeprefix("sha256:")}]
    depends = {each["ref"]: each.get("dependsOn", []) for each in document["dependencies"]}
    assert set(depends[subject["bom-ref"]]) == set(found)


def test_the_same_image_gives_the_same_bytes(tmp_path: Path) -> None:
    """At any time and in any place; another image has another serial number."""
    one, two = (bill(*Picture(LAYERS).write(tmp_path / name)) for name in ("one", "two"))
    assert one == two
    document = json.loads(one)
    assert document["metadata"]["timestamp"] == CREATED.replace("Z", "+00:00")
    other, _ = read(tmp_path / "three", config={"User": "1"})
    assert other["serialNumber"] != document["serialNumber"]


def test_an_image_of_others(tmp_path: Path) -> None:
    """Without the kit's labels there is no model in it; a status file a package is read too."""
    status = Entry("var/lib/dpkg/status.d/base-files", b"Package: base-files\nVersion: 12\nArchitecture: arm64\n")
    layout, image = Picture([Layer([status])], labels={}).write(tmp_path)
    document = json.loads(bill(layout, image))
    assert [each["purl"] for each in document["components"]] == ["pkg:deb/debian/base-files@12?arch=arm64"]
    assert document["metadata"]["component"]["name"] == "image"


@pytest.mark.parametrize("created", ["2024-05-06T07:08:09.123456789Z", "2024-05-06T07:08:09"])
def test_times_as_other_builders_write_them(tmp_path: Path, created: str) -> None:
    """Nanoseconds and a missing zone are read."""
    layout, image = Picture(LAYERS).write(tmp_path)
    image = replace(image, config={**image.config, "created": created})
    assert json.loads(bill(layout, image))["metadata"]["timestamp"].startswith("2024-05-06T07:08:09")


def test_a_time_that_is_none(tmp_path: Path) -> None:
    """It is named."""
    layout, image = Picture(LAYERS).write(tmp_path)
    image = replace(image, config={**image.config, "created": "yesterday"})
    with pytest.raises(ModelError, match="the image says it was created at 'yesterday'"):
        bill(layout, image)
