"""Hostile values at every place of a descriptor: refused, or one text of the CI files; never a piece of their code."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline_kit.descriptor.problem import DescriptorError
from pipeline_kit.errors import UsageError
from pipeline_kit.project.open import open_project
from pipeline_kit.servers.project import render_project
from tests.conformance.hostile import REFUSED, VALUES
from tests.executors.jenkins_harness import problems_of

Count = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Place:
    """A place of a descriptor: where a value goes, and one that is plainly right there.

    `rendered`: the CI files hold it. Otherwise they are the same whatever it is.
    """

    path: tuple[str, ...]
    plain: str
    rendered: bool = True


BASE: dict[str, Any] = {
    "version": 1,
    "kit": {"version": "0.1.0", "index": "https://pypi.example/simple"},
    "project": {"name": "demo", "lock": "requirements.lock"},
    "runners": {"cpu": {"image": "python:3.11", "gitlab": ["docker"], "jenkins": "linux"}},
    "secrets": {"token": {"type": "text", "gitlab": "API_TOKEN", "jenkins": "api-token"}},
    "schedules": {"nightly": {"cron": "0 2 * * *", "timezone": "UTC", "branch": "main"}},
    "environments": {"staging": {"refs": ["release"], "namespace": "demo"}},
    "data": {"rows": {"path": "data/rows.csv", "target": "y"}},
    "store": "models",
    "jobs": {
        "train": {
            "stage": "command", "run": ["python", "train.py"], "runner": "cpu", "secrets": ["token"], "lock": "gpu",
            "changes": ["src/x"], "parameters": {"p": "v"}, "variables": {"V": "v"}, "outputs": {"model": "model.bin"},
            "events": ["merge_request", "branch:main", "tag:v1", "schedule:nightly"], "inputs": ["src/x"],
        },
        "ship": {"stage": "command", "run": "a:b", "environment": "staging", "events": ["branch:release"]},
    },
}  # fmt: skip
PLACES = {
    "image": Place(("runners", "cpu", "image"), "python:3.11"),
    "GitLab tag": Place(("runners", "cpu", "gitlab", "0"), "docker"),
    "Jenkins label": Place(("runners", "cpu", "jenkins"), "linux"),
    "GitLab variable": Place(("secrets", "token", "gitlab"), "API_TOKEN"),
    "Jenkins credential": Place(("secrets", "token", "jenkins"), "api-token"),
    "cron": Place(("schedules", "nightly", "cron"), "0 2 * * *"),
    "time zone": Place(("schedules", "nightly", "timezone"), "UTC"),
    "schedule's branch": Place(("schedules", "nightly", "branch"), "main"),
    "branch": Place(("jobs", "train", "events", "1"), "branch:main"),
    "tag": Place(("jobs", "train", "events", "2"), "tag:v1"),
    "changes": Place(("jobs", "train", "changes", "0"), "src/x"),
    "lock": Place(("jobs", "train", "lock"), "gpu"),
    "output path": Place(("jobs", "train", "outputs", "model"), "model.bin"),
    "project's name": Place(("project", "name"), "demo"),
    "lock file": Place(("project", "lock"), "requirements.lock"),
    "index": Place(("kit", "index"), "https://pypi.example/simple"),
    "refs": Place(("environments", "staging", "refs", "0"), "release", rendered=False),
    "namespace": Place(("environments", "staging", "namespace"), "demo", rendered=False),
    "target": Place(("data", "rows", "target"), "y", rendered=False),
    "data path": Place(("data", "rows", "path"), "data/rows.csv", rendered=False),
    "store": Place(("store",), "models", rendered=False),
    "word of a command": Place(("jobs", "train", "run", "1"), "train.py", rendered=False),
    "parameter": Place(("jobs", "train", "parameters", "p"), "v", rendered=False),
    "variable": Place(("jobs", "train", "variables", "V"), "v", rendered=False),
    "input": Place(("jobs", "train", "inputs", "0"), "src/x", rendered=False),
}
PREFIXED = {"branch": "branch:", "tag": "tag:"}


def with_value(place: Place, value: str) -> dict[str, Any]:
    """The base with a value at a place."""
    made: dict[str, Any] = json.loads(json.dumps(BASE))
    node: Any = made
    for step in place.path[:-1]:
        node = node[int(step)] if isinstance(node, list) else node[step]
    last = place.path[-1]
    node[int(last) if isinstance(node, list) else last] = value
    return made


def rendered(folder: Path, descriptor: Mapping[str, Any]) -> dict[str, str] | None:
    """The bodies of the CI files without the headers, or none where the descriptor is refused."""
    (folder / "pipeline-kit.yml").write_text(json.dumps(descriptor, ensure_ascii=False), encoding="utf-8")
    try:
        project = open_project(folder)
        files = render_project(project.plan, project.descriptor).files
    except (DescriptorError, UsageError):
        return None
    return {name: text.split("\n", 2)[2] for name, text in files.items()}


def shape(node: object) -> object:
    """A loaded YAML file without its texts: what is a mapping, a list and a text, under which keys."""
    if isinstance(node, dict):
        return {key: shape(value) for key, value in node.items()}
    return [shape(each) for each in node] if isinstance(node, list) else type(node).__name__


def outside_strings(groovy: str) -> str:
    """A Jenkinsfile with all its single-quoted strings emptied."""
    return re.sub(r"'(?:[^'\\\n]|\\.)*'", "''", groovy)


@pytest.mark.parametrize("place", PLACES)
def test_no_value_becomes_a_piece_of_a_ci_file(place: str, tmp_path: Path, count: Count) -> None:
    """At each place a hostile value is refused, or it is one text of the files, whose form is as before."""
    where = PLACES[place]
    plain = rendered(tmp_path, with_value(where, where.plain))
    assert plain is not None
    taken = 0
    for value in VALUES:
        files = rendered(tmp_path, with_value(where, PREFIXED.get(place, "") + value))
        if files is None or (place in PREFIXED and value == "*"):  # a lone star means any name: another condition
            continue
        taken += 1
        if where.rendered:
            assert shape(yaml.safe_load(files[".gitlab-ci.yml"])) == shape(yaml.safe_load(plain[".gitlab-ci.yml"])), (
                value
            )
            assert outside_strings(files["Jenkinsfile"]) == outside_strings(plain["Jenkinsfile"]), value
        else:
            assert files == plain, value
    count("values in places of a descriptor: taken as data", taken)
    count("values in places of a descriptor: refused", len(VALUES) - taken)


@pytest.mark.parametrize("value", REFUSED, ids=ascii)
def test_what_nobody_can_see_is_refused(value: str, tmp_path: Path) -> None:
    """Control characters, and those that some readers take for line ends, are in no descriptor."""
    assert rendered(tmp_path, with_value(PLACES["parameter"], value)) is None


@pytest.mark.jenkins
def test_the_harness_takes_every_jenkinsfile_with_a_hostile_value(tmp_path: Path) -> None:
    """What is taken where a Jenkinsfile holds almost any text is Groovy that Jenkins takes too."""
    files: list[Path] = []
    for place, value in ((place, value) for place in ("changes", "lock file", "output path") for value in VALUES):
        texts = rendered(tmp_path, with_value(PLACES[place], value))
        if texts is not None:
            files.append(tmp_path / f"{len(files)}.groovy")
            files[-1].write_text(texts["Jenkinsfile"], encoding="utf-8")
    assert len(files) > 50
    assert [each for each in problems_of(files, tmp_path / "work").values() if each] == []
