"""Clean builds of one commit, ten in a drill: each in another place, time and kind of surroundings; one digest."""

from __future__ import annotations

import json
import os
import random
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pipeline_kit.runner.folders import user_cache
from tests.drill import rounds
from tests.executors.test_examples import checkout
from tests.projects import commit, kit

BUILDS = rounds(10)
UMASKS = (0o022, 0o077, 0o027, 0o002, 0o000)
ZONES = ("UTC", "Asia/Kathmandu", "America/St_Johns", "Pacific/Kiritimati")
LANGUAGES = ("C", "C.UTF-8", "POSIX")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What differs between two machines that build the same commit."""

    place: str
    umask: int
    seconds: int  # what the files' times are, since 1970
    seed: int  # of the order in which the files are made
    variables: dict[str, str] = field(default_factory=dict)


def surroundings(number: int) -> Surroundings:
    """The surroundings of a build, each unlike the one before in all that they hold."""
    variables = {
        "PYTHONHASHSEED": str(number * 7919 % 4294967295),
        "TZ": ZONES[number % len(ZONES)],
        "LANG": LANGUAGES[number % len(LANGUAGES)],
        "LC_ALL": LANGUAGES[number % len(LANGUAGES)],
        "SOURCE_DATE_EPOCH": str(1_000_000_000 + number * 86_400),
        "USER": f"robot{number}",
        "HOSTNAME": f"agent-{number}",
    }
    place = ("plain", "a place/with spaces", "ein/Größe", "deep/" * 12 + "down")[number % 4]
    return Surroundings(
        f"{number}/{place}", UMASKS[number % len(UMASKS)], 86_400 + number * 100_000_000, number, variables
    )


def clone(origin: Path, folder: Path, where: Surroundings) -> None:
    """A clone of the repository whose files were made in another order, and have other times."""
    subprocess.run(["git", "clone", "-q", "--no-checkout", str(origin), str(folder)], check=True)
    listed = subprocess.run(
        ["git", "ls-tree", "-rz", "--name-only", "HEAD"], cwd=folder, capture_output=True, check=True
    )
    names = [os.fsdecode(name) for name in listed.stdout.split(b"\0") if name]
    random.Random(where.seed).shuffle(names)
    for name in names:
        subprocess.run(["git", "checkout", "-q", "HEAD", "--", name], cwd=folder, check=True)
    for path in folder.rglob("*"):
        if ".git" not in path.relative_to(folder).parts:
            os.utime(path, (where.seconds, where.seconds), follow_symlinks=False)


def build(origin: Path, folder: Path, cache: Path, where: Surroundings) -> dict[str, str]:
    """The digests that a clean build ends with: nothing of it comes from a cache but wheels and environments."""
    before = os.umask(where.umask)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        clone(origin, folder, where)
        variables = {**where.variables, "PIPELINE_KIT_CACHE": str(cache)}
        done = kit(folder, "run", "package_image", "--no-cache", **variables)
    finally:
        os.umask(before)
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads((folder / ".pipeline-kit/out/package_image/result.json").read_text())
    assert all(each["made"] for each in record["facts"]["layers"])
    return {name: record["facts"][name] for name in ("image", "package", "model")}


def clean_cache(folder: Path, shared: Path) -> Path:
    """A user's cache without layers: locked environments and wheels, which only the lock file decides, are shared."""
    folder.mkdir()
    for name in ("environments", "wheels"):
        (shared / name).mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(shared / name)
    return folder


@pytest.mark.drill
def test_clean_builds_of_one_commit_are_one_image(tmp_path: Path, count: Callable[[str, int], None]) -> None:
    """From check to image, with the real command in fresh clones: umask, times, order, language, zone and hash differ.

    The commit is the example's without its job `test`, which puts nothing into the image.
    """
    project = checkout("tumour_logistic", tmp_path / "origin")
    descriptor = project / "pipeline-kit.yml"
    text = descriptor.read_text().replace("needs: [evaluate, test]", "needs: [evaluate]")
    assert text != descriptor.read_text()
    descriptor.write_text(text)
    commit(project)
    found = []
    for number in range(BUILDS):
        where = surroundings(number)
        cache = clean_cache(tmp_path / f"cache{number}", user_cache())
        found.append(build(project, tmp_path / where.place, cache, where))
    assert found == [found[0]] * BUILDS
    count("clean builds of one commit", BUILDS)
    count("digests of their images", len({each["image"] for each in found}))
