"""Images that are small and say that they are large: refused before a disk is full or an hour is gone."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import pytest

from pipeline_kit.contract.digest import digest_bytes
from pipeline_kit.contract.oci import LAYER, LAYER_GZIP
from pipeline_kit.errors import ModelError
from pipeline_kit.images.names import LAYER_DIFF, MODEL
from pipeline_kit.images.oci import files
from tests.images.signing import Signed, make_layout
from tests.scan.pictures import Entry


@pytest.fixture
def unsigned(tmp_path: Path) -> Signed:
    """An image that only its digests speak for."""
    case = Signed.copy(make_layout(tmp_path / "made"), tmp_path / "image")
    case.attach({})
    case.unsigned = True
    return case


def test_a_layer_that_inflates_without_end_is_refused(unsigned: Signed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Zeros shrink a thousandfold, and nothing that anybody ships does."""
    monkeypatch.setattr(files, "ALWAYS_INFLATED", 1 << 20)
    content = gzip.compress(bytes(8 << 20), mtime=0)
    old = unsigned.layer("dependencies")
    bomb = unsigned.layout.add_bytes(content, LAYER_GZIP, **old.annotations)
    unsigned.with_layers([bomb if each == old else each for each in unsigned.image.layers])
    with pytest.raises(ModelError, match=r"inflates to more than \d+ bytes"):
        unsigned.verify()


def test_a_sparse_file_is_refused(unsigned: Signed) -> None:
    """A header of 512 bytes for a file of four terabytes."""
    unsigned.with_layer([])
    top = unsigned.image.layers[-1]
    sparse = tarfile.TarInfo(f"{MODEL}/model.json")
    sparse.pax_headers = {
        "GNU.sparse.major": "0",
        "GNU.sparse.minor": "1",
        "GNU.sparse.map": "0,0",
        "GNU.sparse.size": str(1 << 42),
    }
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(sparse)
    content = target.getvalue()
    bomb = unsigned.layout.add_bytes(content, LAYER, **{**top.annotations, LAYER_DIFF: digest_bytes(content)})
    unsigned.with_layers([*unsigned.image.layers[:-1], bomb])
    with pytest.raises(ModelError, match="has a sparse file"):
        unsigned.verify()


def test_one_large_file_under_many_names_is_refused(unsigned: Signed) -> None:
    """A thousand hard links would be read a thousand times."""
    links = [Entry(f"{MODEL}/{number}", kind="hard", target=f"{MODEL}/large") for number in range(1000)]
    unsigned.with_layer([Entry(f"{MODEL}/large", bytes(1 << 20)), *links])
    with pytest.raises(ModelError, match="more bytes than its layers"):
        unsigned.verify()
