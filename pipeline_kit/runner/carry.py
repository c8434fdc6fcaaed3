"""Passes large outputs, which CI artifacts leave out, from job to job through the store.

A file is stored by its digest. A folder is stored as an archive under the name `trees/HEX` of the folder's digest.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pipeline_kit.contract.digest import digest_tree, tree_files
from pipeline_kit.contract.ports import Store
from pipeline_kit.contract.result import OutputRecord
from pipeline_kit.contract.spec import STORED_KINDS
from pipeline_kit.errors import ModelError


def hand_over(outputs: Mapping[str, OutputRecord], out: Path, store: Store) -> None:
    """Stores the outputs of STORED_KINDS. Raises InfrastructureError where the store fails."""
    for output in outputs.values():
        if output.kind in STORED_KINDS:
            path = out / output.path
            put_folder(path, output.digest, store) if path.is_dir() else store.put(path)


def put_folder(folder: Path, digest: str, store: Store) -> None:
    """Stores a folder under the name of its digest, unless it is stored already."""
    import tempfile

    from pipeline_kit.models.archive import write_archive

    if store.resolve(name_of(digest)) is not None:
        return
    with tempfile.TemporaryDirectory(prefix="pipeline-kit-") as temporary:
        packed = Path(temporary) / "folder.tar"
        write_archive(packed, tree_files(folder))
        store.point(name_of(digest), store.put(packed))


def take_over(output: OutputRecord, target: Path, store: Store) -> None:
    """Fetches a verified output from the store. Raises ModelError where it is missing or corrupt."""
    target.parent.mkdir(parents=True, exist_ok=True)
    packed = store.resolve(name_of(output.digest))
    if packed is None:
        store.fetch(output.digest, target)
        return
    import tempfile

    from pipeline_kit.models.archive import unpack_archive

    with tempfile.TemporaryDirectory(prefix=".take-over-", dir=target.parent) as temporary:
        archive, folder = Path(temporary) / "folder.tar", Path(temporary) / "folder"
        store.fetch(packed, archive)
        unpack_archive(archive, folder)
        if digest_tree(folder) != output.digest:
            message = f"the store's {name_of(output.digest)} is corrupt: its content has another digest"
            raise ModelError(message, hint="run its job again")
        folder.replace(target)


def name_of(digest: str) -> str:
    """The store's name for a folder of that digest."""
    return f"trees/{digest.removeprefix('sha256:')}"
