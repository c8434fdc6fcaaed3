"""Locked environments: what is in them is what the lock says, wherever the kit is started."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipeline_kit.adapters.python.environments import LockedPythons


def test_what_lies_where_the_kit_is_started_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The inventory of an environment is read apart from the folder that somebody stands in."""
    stray = tmp_path / "here" / "stray.egg-info"
    stray.mkdir(parents=True)
    (stray / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: stray\nVersion: 1.0\n")
    monkeypatch.chdir(tmp_path / "here")
    lock = tmp_path / "requirements.lock"
    lock.write_text("")
    python = LockedPythons(tmp_path / "cache", dict(os.environ), lambda line: None).locked(lock, ">=3.11")
    assert "stray" not in python.record().packages
    assert "pip" in python.record().packages
