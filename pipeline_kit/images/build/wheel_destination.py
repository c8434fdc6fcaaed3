"""Where `installer` puts a wheel's files: into a table of what a layer will hold, not onto a disk."""

from __future__ import annotations

import csv
import io
import os
import posixpath
import zipfile
from collections.abc import Iterable
from functools import partial
from typing import IO, TYPE_CHECKING, BinaryIO

from installer.destinations import WheelDestination
from installer.records import Hash, RecordEntry, parse_record_file
from installer.utils import copyfileobj_with_hashing, fix_shebang

from pipeline_kit.images.names import PACKAGES
from pipeline_kit.images.oci.tar_layer import LayerFile

if TYPE_CHECKING:
    from installer.scripts import ScriptSection
    from installer.sources import WheelFile
    from installer.utils import Scheme

INTERPRETER = "/usr/bin/env python3"  # of scripts that a wheel brings along
INSTALLER = b"pipeline-kit\n"
FOLDERS = {"purelib": "", "platlib": "", "data": "", "scripts": "bin"}
COMPILED = (".pyc", ".pyo")


class ImageDestination(WheelDestination):
    """Collects the files of one wheel; their contents are opened in the wheel when the layer is written."""

    def __init__(self, archive: zipfile.ZipFile, source: WheelFile) -> None:
        self.files: dict[str, LayerFile] = {}
        self._archive = archive
        self._source = source
        rows = parse_record_file(source.read_dist_info("RECORD").splitlines())
        self._recorded = {row[0]: row for row in rows}

    def write_script(self, name: str, module: str, attr: str, section: ScriptSection) -> RecordEntry:
        """Nothing: a launcher would name an interpreter of this machine."""
        return RecordEntry("", None, None)

    def write_file(
        self, scheme: Scheme, path: str | os.PathLike[str], stream: BinaryIO, is_executable: bool
    ) -> RecordEntry:
        """Takes a file; its row in RECORD is the wheel's own under its new path."""
        name = os.fspath(path)
        if scheme not in FOLDERS or name.endswith(COMPILED):
            return RecordEntry("", None, None)
        place = posixpath.join(FOLDERS[scheme], name)
        if scheme == "scripts":
            return self.write_text(place, stream)
        member = self.member(scheme, name)
        info = self._archive.getinfo(member)
        self.files[f"{PACKAGES}/{place}"] = LayerFile(info.file_size, partial(self.open, member), is_executable)
        return RecordEntry.from_elements(place, *self._recorded[member][1:])

    def write_text(self, place: str, stream: BinaryIO) -> RecordEntry:
        """Takes a script, its first line made to find Python where it runs."""
        content = io.BytesIO()
        with fix_shebang(stream, INTERPRETER) as fixed:
            digest, size = copyfileobj_with_hashing(fixed, content, "sha256")
        self.files[f"{PACKAGES}/{place}"] = LayerFile.of(content.getvalue(), executable=True)
        return RecordEntry(place, Hash("sha256", digest), size)

    def finalize_installation(
        self, scheme: Scheme, record_file_path: str, records: Iterable[tuple[Scheme, RecordEntry]]
    ) -> None:
        """Adds INSTALLER, and RECORD with the rows of all that is there."""
        installer = posixpath.join(posixpath.dirname(record_file_path), "INSTALLER")
        digest, size = copyfileobj_with_hashing(io.BytesIO(INSTALLER), io.BytesIO(), "sha256")
        rows = {record_entry.path: record_entry for _, record_entry in records if record_entry.path}
        rows[installer] = RecordEntry(installer, Hash("sha256", digest), size)
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows[path].to_row() for path in sorted(rows))
        self.files[f"{PACKAGES}/{installer}"] = LayerFile.of(INSTALLER)
        self.files[f"{PACKAGES}/{record_file_path}"] = LayerFile.of(text.getvalue().encode())

    def member(self, scheme: str, path: str) -> str:
        """The name that a file has in the wheel: libraries are at its root, or under its data folder."""
        nested = posixpath.join(self._source.data_dir, scheme, path)
        return nested if nested in self._recorded else path

    def open(self, member: str) -> IO[bytes]:
        """The content of a file of the wheel, its checksum verified where it ends."""
        return self._archive.open(member)
