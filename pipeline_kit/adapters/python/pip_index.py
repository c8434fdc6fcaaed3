"""The package index that pip is configured with, by its host alone: addresses of indexes hold passwords and tokens."""

from __future__ import annotations

import configparser
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

SECTIONS = ("install", "global")


def configured_index(variables: Mapping[str, str], files: Sequence[Path]) -> str | None:
    """The host of the index in the environment, else in the first file that names one; None without any."""
    address = variables.get("PIP_INDEX_URL") or next(filter(None, map(index_in, files)), None)
    if address is None:
        return None
    try:
        parts = urlsplit(address.strip())
        return parts.hostname or (parts.scheme if parts.scheme == "file" else None)
    except ValueError:
        return None


def configuration_files(variables: Mapping[str, str], prefix: Path, home: Path) -> list[Path]:
    """The files that pip reads, highest priority first: https://pip.pypa.io/en/stable/topics/configuration/"""
    if named := variables.get("PIP_CONFIG_FILE"):
        return [Path(named)]
    user = Path(variables.get("XDG_CONFIG_HOME") or home / ".config") / "pip" / "pip.conf"
    shared = [Path(folder) / "pip" / "pip.conf" for folder in variables.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":")]
    return [prefix / "pip.conf", user, home / ".pip" / "pip.conf", *shared, Path("/etc/pip.conf")]


def index_in(path: Path) -> str | None:
    """The index in one of pip's files, or None."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        return None
    return next((url for section in SECTIONS if (url := parser.get(section, "index-url", fallback=None))), None)
