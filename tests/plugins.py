"""Packages with extensions, as pip leaves them: for tests that add one from outside."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

HASH = "0" * 64


def install_package(site: Path, name: str, files: Mapping[str, str], points: Mapping[str, Mapping[str, str]]) -> Path:
    """A package of version 1.0 in a folder for PYTHONPATH: its files, and by group its entry points."""
    for path, text in files.items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_text(text, encoding="utf-8")
    information = site / f"{name.replace('-', '_')}-1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    groups = (f"[{group}]\n" + "".join(f"{key} = {at}\n" for key, at in own.items()) for group, own in points.items())
    (information / "entry_points.txt").write_text("\n".join(groups))
    return site


def lock_of(*names: str) -> str:
    """A lock file of the kit that pins these packages."""
    return "".join(f"{name}==1.0 --hash=sha256:{HASH}\n" for name in ("pipeline-kit", *names))


def use_plugins(project: Path, *names: str) -> Path:
    """Lets a project that has a descriptor use these packages, pinned in a lock file of the kit."""
    (project / "kit.lock").write_text(lock_of(*names))
    descriptor = project / "pipeline-kit.yml"
    text = descriptor.read_text(encoding="utf-8")
    assert "kit: 0.1.0\n" in text
    plugins = f"kit: {{version: 0.1.0, lock: kit.lock}}\nplugins: [{', '.join(names)}]\n"
    descriptor.write_text(text.replace("kit: 0.1.0\n", plugins), encoding="utf-8")
    return project
