"""The organisation's file is vendored once, pinned by digest, and never fetched again."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline_kit.descriptor.load import load_descriptor, organisation_source
from pipeline_kit.descriptor.organisation import (
    DESCRIPTOR,
    VENDORED,
    OrganisationSource,
    digest_of,
    parse_source,
    pinned,
    vendor,
)
from pipeline_kit.descriptor.problem import DescriptorError
from pipeline_kit.errors import UsageError
from tests.descriptor.stages import WORDS

DESCRIPTOR_TEXT = b"""\
version: 1
kit: 0.1.0
project: {name: demo}
# "sha256:old" stands in a comment as well
organisation: {source: ../ml.yml, digest: "sha256:old"}   # keep me
jobs: {test: {runner: cpu}}
"""
FILE = b'version: 1\nrunners: {cpu: {image: "python:3.11"}}\n'


def test_sources_have_parts() -> None:
    """A path is a path; a git source has an address, a tag, and a file with a default."""
    assert parse_source("../ml.yml") == OrganisationSource("../ml.yml")
    assert parse_source("git+https://git.example/ml.git@v7") == OrganisationSource(
        VENDORED, "https://git.example/ml.git", "v7"
    )
    assert parse_source("git+ssh://git@git.example/ml.git@r/7#kits/a.yml") == OrganisationSource(
        "kits/a.yml", "ssh://git@git.example/ml.git", "r/7"
    )
    with pytest.raises(UsageError, match="is not a path, or"):
        parse_source("git+https://git.example/ml.git")


def test_vendoring_and_pinning_make_a_descriptor_that_loads(tmp_path: Path) -> None:
    """What update does: fetch, write both files, and the project loads with the organisation's runner."""
    (tmp_path / DESCRIPTOR).write_bytes(DESCRIPTOR_TEXT)
    asked: list[OrganisationSource] = []

    def fetch(source: OrganisationSource) -> bytes:
        asked.append(source)
        return FILE

    text, digest = vendor(organisation_source(tmp_path), fetch)
    (tmp_path / VENDORED).write_text(text, encoding="utf-8")
    (tmp_path / DESCRIPTOR).write_bytes(pinned(DESCRIPTOR_TEXT, digest))
    loaded = load_descriptor(tmp_path, WORDS)
    assert asked == [OrganisationSource("../ml.yml")]
    assert loaded.runners["cpu"].image == "python:3.11"
    assert loaded.organisation is not None
    assert loaded.organisation.digest == digest == digest_of(FILE)


def test_pinning_changes_the_digest_alone() -> None:
    """Comments, spaces and quotes of the descriptor stay as they are."""
    changed = pinned(DESCRIPTOR_TEXT, "sha256:new")
    assert changed == DESCRIPTOR_TEXT.replace(b'digest: "sha256:old"', b'digest: "sha256:new"')


def test_without_a_place_for_the_digest_nothing_is_pinned() -> None:
    """A descriptor that names no organisation is told what to add."""
    with pytest.raises(DescriptorError, match=r"organisation\.digest is missing"):
        pinned(b"version: 1\n", "sha256:new")


def test_without_a_source_there_is_nothing_to_update(tmp_path: Path) -> None:
    """The command line says what to add."""
    (tmp_path / DESCRIPTOR).write_text("version: 1\n", encoding="utf-8")
    with pytest.raises(DescriptorError, match=r"organisation\.source is missing"):
        organisation_source(tmp_path)


def test_a_file_that_is_no_yaml_is_not_vendored() -> None:
    """A page of an error in place of the file stops the update, before anything is written."""
    with pytest.raises(DescriptorError, match=r"pipeline-kit\.organisation\.yml:2:\d+: a tab"):
        vendor("../ml.yml", lambda source: b"<html>\n\tnot found: no\n")


def test_a_changed_copy_is_refused(tmp_path: Path) -> None:
    """One byte more than what was pinned, and nothing loads."""
    (tmp_path / DESCRIPTOR).write_bytes(pinned(DESCRIPTOR_TEXT, digest_of(FILE)))
    (tmp_path / VENDORED).write_bytes(FILE + b"\n")
    with pytest.raises(DescriptorError, match="is not the file of this digest"):
        load_descriptor(tmp_path, WORDS)
