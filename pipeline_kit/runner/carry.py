"""Large outputs on their way from job to job: through the store, where CI's artifacts leave them out.

A file is an object by its digest. A folder is an archive, found by the name `trees/HEX` of the folder's digest.
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
    """Puts the outputs that the store carries into it. Raises InfrastructureError where it does not take them."""
    for output in outputs.values():
        if output.kind in STORED_KINDS:
            path = out / output.path
            put_folder(path, output.digest, store) if path.is_dir() else store.put(path)


def put_folder(folder: Path, digest: str, store: Store) -> None:
    """Stores a folder under the name of its digest; one that is there already is left as it is."""
    import tempfile

    from pipeline_kit.models.archive import write_archive

    if store.resolve(name_of(digest)) is not None:
        return
    with tempfile.TemporaryDirectory(prefix="pipeline-kit-") as place:
        packed = Path(place) / "folder.tar"
        write_archive(packed, tree_files(folder))
        store.point(name_of(digest), store.put(packed))


def take_over(output: OutputRecord, target: Path, store: Store) -> None:
    """Fetches an output from the store, verified. Raises ModelError where it is not there or is another."""
    target.parent.mkdir(parents=True, exist_ok=True)
    packed = store.resolve(name_of(output.digest))
    if packed is None:
        store.fetch(output.digest, target)
        return
    import tempfile

    from pipeline_kit.models.archive import unpack_archive

    with tempfile.TemporaryDirectory(prefix=".take-over-", dir=target.parent) as place:
        archive, folder = Path(place) / "folder.tar", Path(place) / "folder"
        store.fetch(packed, archive)
        unpack_archive(archive, folder)
        if digest_tree(folder) != output.digest:
            raise ModelError(f"the store's {name_of(output.digest)} is another folder", hint="run its job again")
        folder.replace(target)


def name_of(digest: str) -> str:
    """The store's name for a folder of that digest."""
    return f"trees/{digest.removeprefix('sha256:')}"
