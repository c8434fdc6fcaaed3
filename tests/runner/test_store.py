"""The store: by digest, whole or not at all, never believed."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline_kit.adapters.stores.directory import DirectoryStore
from pipeline_kit.errors import ModelError, UsageError


def test_what_is_put_comes_back_verified(tmp_path: Path) -> None:
    """An object has its digest as its address, and a name points to it."""
    store = DirectoryStore(tmp_path / "store")
    model = tmp_path / "model.json"
    model.write_text("weights")
    digest = store.put(model)
    assert store.put(model) == digest
    store.point("releases/production", digest)
    assert store.resolve("releases/production") == digest
    assert store.resolve("releases/staging") is None
    store.fetch(digest, tmp_path / "copy")
    assert (tmp_path / "copy").read_text() == "weights"


def test_a_store_that_lies_is_found_out(tmp_path: Path) -> None:
    """Other bytes under a digest are refused, and leave no file behind."""
    store = DirectoryStore(tmp_path / "store")
    model = tmp_path / "model.json"
    model.write_text("weights")
    digest = store.put(model)
    store.object(digest).write_text("other weights")
    with pytest.raises(ModelError, match="is corrupt"):
        store.fetch(digest, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


@pytest.mark.parametrize("name", ["../production", "a//b", "/a", ".", "", "a/../../b", "a\nb"])
def test_a_name_never_leads_out_of_the_store(tmp_path: Path, name: str) -> None:
    """Names are plain folders and files."""
    with pytest.raises(UsageError, match="is not a valid name"):
        DirectoryStore(tmp_path).resolve(name)


def test_a_name_points_only_to_what_is_there(tmp_path: Path) -> None:
    """A pointer to nothing is refused when it is made."""
    with pytest.raises(ModelError, match="no object"):
        DirectoryStore(tmp_path).point("production", "sha256:" + "0" * 64)
