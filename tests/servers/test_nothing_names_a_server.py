"""What is outside of `servers/` knows CI servers by their port alone."""

from __future__ import annotations

import re
from pathlib import Path

from pipeline_kit.servers import SERVERS
from tests.conftest import ROOT

ALLOWED = {
    "pipeline_kit/__init__.py": "the product's description in one line, with the names that users search for",
    "pipeline_kit/scan/assignments.py": "names of files in which an image may carry secrets, of any CI server",
    "pipeline_kit/scan/secrets.py": "names of CI files in an image, of servers that the kit does not render for",
    "pipeline_kit/scan/tokens.py": "how the tokens of many services begin, in whatever file they are",
    "pipeline_kit/report/junit.py": "where the format of JUnit reports is specified",
}
"""The files that may name a CI server, each with its reason."""


def sources() -> list[Path]:
    """Every text of the product outside of `servers/`."""
    folders = (ROOT / "pipeline_kit", ROOT / "stages", ROOT / "templates")
    files = [path for folder in folders for path in folder.rglob("*") if path.suffix in (".py", ".yml", ".j2")]
    return [path for path in files if not path.is_relative_to(ROOT / "pipeline_kit/servers")]


def test_nothing_outside_of_its_folder_names_a_server() -> None:
    """But five files at most, whose reasons are in `ALLOWED`."""
    names = re.compile("|".join(SERVERS.names()), re.IGNORECASE)
    naming = {path.relative_to(ROOT).as_posix() for path in sources() if names.search(path.read_text(encoding="utf-8"))}
    assert naming == set(ALLOWED)
    assert len(ALLOWED) <= 5
