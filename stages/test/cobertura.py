"""The coverage report, freed of the machine that made it.

coverage.py writes the workspace's absolute path and the time into it. A CI server looks a file up by its path in the
repository, and the same run must give the same bytes.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

from pipeline_kit.errors import DataError
from pipeline_kit.report.junit import parse


def normalise(report: Path, workspace: Path) -> None:
    """Rewrites a Cobertura file: paths from the workspace's root, no time. One it cannot read stays."""
    try:
        root = parse(report.read_text(encoding="utf-8"), "coverage report")
    except (DataError, UnicodeDecodeError):
        return
    folders = [Path(source.text or "") for source in root.iter("source")]
    for element in root.iter("class"):
        name = element.get("filename", "")
        element.set("filename", _from_root(name, folders, workspace))
    for sources in root.iter("sources"):
        sources[:] = []
        ElementTree.SubElement(sources, "source").text = "."
    root.set("timestamp", "0")
    ElementTree.indent(root)
    text = '<?xml version="1.0" ?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"
    report.write_text(text, encoding="utf-8")


def _from_root(name: str, folders: list[Path], workspace: Path) -> str:
    """A file's path in the workspace; the name itself where it is in none of the measured folders."""
    for folder in folders:
        path = workspace / folder / name
        if path.is_file() and path.resolve().is_relative_to(workspace.resolve()):
            return PurePosixPath(path.resolve().relative_to(workspace.resolve())).as_posix()
    return name
