"""Digests of many files at once are the digests of one after the other."""

from __future__ import annotations

import hashlib
import os
import signal
from pathlib import Path

import pytest

from pipeline_kit.contract import digest
from pipeline_kit.contract.digest import digest_file, digest_files, digest_json, digest_tree, digest_trees
from pipeline_kit.contract.digest_threads import READ_BYTES, hash_at_once

SIZES = (0, 1, READ_BYTES - 1, READ_BYTES, READ_BYTES + 1, 3 * READ_BYTES)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Files of sizes around that of a piece that is read at once."""
    paths = [tmp_path / "data" / f"{number}.bin" for number, _ in enumerate(SIZES)]
    (tmp_path / "data").mkdir()
    for path, size in zip(paths, SIZES, strict=True):
        path.write_bytes(os.urandom(size))
    return paths


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads_change_no_digest(files: list[Path], threads: int) -> None:
    """Nor their order, whatever the sizes and the number of threads."""
    expected = [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]
    assert hash_at_once(files, [path.stat().st_size for path in files], threads) == expected
    assert digest_files(files) == [digest_file(path) for path in files] == [f"sha256:{each}" for each in expected]


def test_a_folder_has_one_digest_however_it_is_read(files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """By threads or not, alone or with others."""
    folder = files[0].parent
    alone = digest_tree(folder)
    assert alone == digest_json({path.name: digest_file(path) for path in files})
    monkeypatch.setattr(digest, "WORTH_THREADS_BYTES", 0)
    assert digest_trees([files[3], folder, files[1]]) == [digest_file(files[3]), alone, digest_file(files[1])]


@pytest.mark.parametrize("least", [0, 1 << 40])
def test_a_file_that_is_not_there_is_an_error(files: list[Path], least: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is named, and never the digest of nothing."""
    monkeypatch.setattr(digest, "WORTH_THREADS_BYTES", least)
    files[2].unlink()
    with pytest.raises(FileNotFoundError, match=r"2\.bin"):
        digest_trees(files)


def test_a_signal_ends_the_reading_of_all(tmp_path: Path) -> None:
    """What raises while the threads read stops them: a large file is not read to its end first."""
    large = tmp_path / "large"
    large.touch()
    os.truncate(large, 1 << 40)  # a terabyte of nothing, hours of reading

    def interrupt(number: int, frame: object) -> None:
        raise InterruptedError("stopped")

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(InterruptedError, match="stopped"):
            hash_at_once([large, large], [1, 1], 2)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
