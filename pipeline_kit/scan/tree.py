"""A source tree and its history, scanned: secrets, Kubernetes manifests, Dockerfiles and CI files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import IO

from pipeline_kit.contract.world import Added
from pipeline_kit.scan.content import Seen
from pipeline_kit.scan.dockerfile import check_dockerfile, is_dockerfile
from pipeline_kit.scan.finding import Finding, find
from pipeline_kit.scan.located import LARGEST
from pipeline_kit.scan.manifests import check_manifests, is_manifest
from pipeline_kit.scan.secret_files import credentials_in
from pipeline_kit.scan.secrets import secrets_in

SKIPPED = (".git", ".pipeline-kit", "__pycache__")
LARGEST_DOCKERFILE = 256 << 10
YAML = (".yml", ".yaml", ".json")


@dataclass(slots=True)
class TreeScan:
    """What the pass over a tree and its history found."""

    findings: list[Finding] = field(default_factory=list)
    seen: Seen = field(default_factory=Seen)


def scan_tree(root: Path) -> TreeScan:
    """The findings of a folder's files; what git and the kit keep there for themselves is left out."""
    scan = TreeScan()
    for path in sorted(files_of(root)):
        name = path.relative_to(root).as_posix()
        if path.is_symlink():
            scan.findings.extend(check_link(root, path, name))
        elif path.is_file():
            scan.findings.extend(scan.seen.check(name, path.stat().st_size, partial(opened, path)))
            scan.findings.extend(check_settings(path, name))
    return scan


def files_of(root: Path) -> Iterator[Path]:
    """Every file and link below a folder."""
    for folder, folders, files in os.walk(root):
        here = Path(folder)
        linked = [folder for folder in folders if (here / folder).is_symlink()]
        folders[:] = [folder for folder in folders if folder not in SKIPPED and folder not in linked]
        yield from (here / file for file in (*files, *linked))


def opened(path: Path) -> IO[bytes]:
    """The file, to be read."""
    return path.open("rb")


def check_link(root: Path, path: Path, name: str) -> Iterator[Finding]:
    """A link that leaves the tree."""
    target = path.readlink()
    if not path.resolve().is_relative_to(root.resolve()):
        yield find("link_outside", name, f"leads to {target}, out of the project")


def check_settings(path: Path, name: str) -> Iterator[Finding]:
    """The findings in a file that a cluster or a builder reads."""
    container = is_dockerfile(name)
    if not container and not name.endswith(YAML):
        return
    if path.stat().st_size > (LARGEST_DOCKERFILE if container else LARGEST):
        return
    text = path.read_text(encoding="utf-8", errors="replace")
    if container:
        yield from check_dockerfile(text, name)
    elif is_manifest(text):
        yield from check_manifests(text, name)


def scan_history(added: Iterable[Added]) -> list[Finding]:
    """The secrets that commits added, each once, at the newest commit that added it."""
    result: dict[tuple[str, str, str], Finding] = {}
    for item in added:
        for finding in in_addition(item):
            result.setdefault((finding.path, finding.subject, finding.message), stamped(finding, item))
    return list(result.values())


def in_addition(added: Added) -> Iterator[Finding]:
    """The secrets in the lines that one commit added to one place."""
    yield from secrets_in(added.path, added.text, "secret_in_history")
    for credential in credentials_in(added.path, added.text):
        yield replace(find("secret_in_history", credential.path, credential.message), subject=credential.subject)


def stamped(finding: Finding, added: Added) -> Finding:
    """The finding with its line in the file as it was, and the commit."""
    line = finding.line + added.line - 1 if finding.line else None
    return replace(finding, line=line, message=f"{finding.message}, added by commit {added.commit[:12]}")
