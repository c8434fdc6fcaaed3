"""Which index pip is configured to install from, by its host alone: addresses of indexes carry passwords and tokens."""

from __future__ import annotations

import configparser
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

SECTIONS = ("install", "global")


def configured_index(variables: Mapping[str, str], files: Sequence[Path]) -> str | None:
    """The host of the index that the environment names, else the first of the files that does; none where none does."""
    address = variables.get("PIP_INDEX_URL") or next(filter(None, map(index_in, files)), None)
    if address is None:
        return None
    try:
        parts = urlsplit(address.strip())
        return parts.hostname or (parts.scheme if parts.scheme == "file" else None)
    except ValueError:
        return None


def configuration_files(variables: Mapping[str, str], prefix: Path, home: Path) -> list[Path]:
    """The files that pip reads, the one that wins first: https://pip.pypa.io/en/stable/topics/configuration/"""
    if named := variables.get("PIP_CONFIG_FILE"):
        return [Path(named)]
    user = Path(variables.get("XDG_CONFIG_HOME") or home / ".config") / "pip" / "pip.conf"
    shared = [Path(each) / "pip" / "pip.conf" for each in variables.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":")]
    return [prefix / "pip.conf", user, home / ".pip" / "pip.conf", *shared, Path("/etc/pip.conf")]


def index_in(path: Path) -> str | None:
    """The index that one of pip's files names, or none."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        return None
    return next((found for each in SECTIONS if (found := parser.get(each, "index-url", fallback=None))), None)
