"""Unsafe modes and links of an image's files."""

from __future__ import annotations

import posixpath
import stat
from collections.abc import Iterator

from pipeline_kit.images.names import APP
from pipeline_kit.images.oci.files import ImageFile
from pipeline_kit.scan.finding import Finding, find


def unsafe_modes(file: ImageFile) -> Iterator[Finding]:
    """Set-uid and set-gid programs, and what every user may write; a sticky folder such as /tmp is fine."""
    if file.kind == "file" and file.mode & (stat.S_ISUID | stat.S_ISGID):
        bits = "set-uid" if file.mode & stat.S_ISUID else "set-gid"
        yield find("set_uid", file.path, f"{bits}, mode {file.mode & 0o7777:04o}, owner {file.uid}:{file.gid}")
    shared = file.kind == "folder" and file.mode & stat.S_ISVTX
    if file.kind in ("file", "folder") and file.mode & stat.S_IWOTH and not shared:
        yield find("world_writable", file.path, f"a {file.kind} of mode {file.mode & 0o7777:04o}")


def unsafe_link(path: str, target: str) -> Iterator[Finding]:
    """A link that climbs out of the root, or out of the application's folder to what no layer of the kit has put there.

    In a container a link cannot leave the root; where the root is unpacked and run as a process it would lead to the
    machine's own files.
    """
    folder = posixpath.dirname(path)
    climbs = posixpath.normpath(posixpath.join(folder, target)) if not target.startswith("/") else target.lstrip("/")
    if climbs == ".." or climbs.startswith("../"):
        yield find("link_outside", path, f"leads to {target}, out of the root")
    elif path.startswith(f"{APP}/") and posixpath.normpath(climbs).split("/")[0] != APP:
        yield find("link_outside", path, f"leads to {target}, out of /{APP}")
