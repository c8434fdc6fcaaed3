"""`explain`: every line of the CI files comes from somewhere, and the side map says from where."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline_kit.descriptor.origin import Layer
from pipeline_kit.render.sources import LineSource
from pipeline_kit.render.value_sources import value_name
from pipeline_kit.servers.gitlab import render as gitlab
from pipeline_kit.servers.gitlab import sources as gitlab_sources
from pipeline_kit.servers.jenkins import render as jenkins
from pipeline_kit.servers.jenkins import sources as jenkins_sources
from tests.ask.asking import CASES, EXAMPLES, PROJECTS, ROOT, Asked, ask
from tests.projects import kit, write_project

TEMPLATES = ROOT / "pipeline_kit/servers"
GOLDEN = {".gitlab-ci.yml": "gitlab-ci.yml", "Jenkinsfile": "Jenkinsfile"}


def test_every_line_of_every_golden_and_example_file_is_explained(
    answers: dict[str, Asked], capsys: pytest.CaptureFixture[str]
) -> None:
    """Line by line the text is that of the file, with a template's line and keys, or the reason why it has none."""
    with_keys = without = 0
    for directory in PROJECTS:
        for name, sources in answers[directory.name].sources.items():
            golden = ROOT / "tests/cases/render" / directory.name / GOLDEN[name]
            file = golden if directory in CASES else directory / name
            lines = file.read_text(encoding="utf-8").split("\n")[:-1]
            assert [each.text for each in sources] == lines
            assert [each.number for each in sources] == list(range(1, len(lines) + 1))
            for each in sources:
                assert each.meaning.endswith(".")
                assert each.template_line or each.number <= 2
                assert each.keys or each.job is None
                with_keys += bool(each.keys)
                without += not each.keys
    with capsys.disabled():
        print(f"\nlines explained: {with_keys + without}, of them {with_keys} by a key of the descriptor")
    assert with_keys > 2000


def test_a_line_looks_like_the_line_of_the_template_that_it_names(answers: dict[str, Asked]) -> None:
    """The fixed words of the template's line stand in the text, in their order."""
    for asked in answers.values():
        for sources in asked.sources.values():
            template = (TEMPLATES / sources[0].template).read_text(encoding="utf-8").splitlines()
            for each in (source for source in sources if source.template_line):
                words = re.split(r"\{\{.*?\}\}|\{%.*?%\}", template[each.template_line - 1].strip())
                pattern = ".*".join(re.escape(word) for word in words)
                assert re.fullmatch(pattern, each.text.strip()) or "stage(" in template[each.template_line - 1], each


def test_a_line_is_explained_by_the_job_that_it_belongs_to(answers: dict[str, Asked]) -> None:
    """YAML's own blocks and Groovy's indentation tell the same jobs as the side map."""
    for asked in answers.values():
        names = {job.name for job in asked.project.plan.jobs}
        blocks = yaml.compose(asked.files[".gitlab-ci.yml"], Loader=yaml.SafeLoader)
        for key, body in blocks.value:
            first, last = key.start_mark.line + 1, max(body.end_mark.line, key.end_mark.line + 1)
            inside = {each.job for each in asked.sources[".gitlab-ci.yml"][first - 1 : last] if each.text}
            assert inside == {key.value if key.value in names else None}
        current: list[tuple[int, str]] = []
        for each in asked.sources["Jenkinsfile"]:
            depth = len(each.text) - len(each.text.lstrip())
            opened = re.match(r" *stage\('(\w+)'\)", each.text)
            current = [pair for pair in current if pair[0] <= depth]
            if opened and opened[1] in names:
                current = [(depth, opened[1])]
            assert each.job == (current[0][1] if current else None), each
            if each.text.strip() == "}":
                current = [pair for pair in current if pair[0] < depth]


def test_every_value_of_the_templates_has_a_source() -> None:
    """A view's new field must say what it is made from."""
    for view, known in ((gitlab.JobView, gitlab_sources.SOURCES), (jenkins.JobView, jenkins_sources.SOURCES)):
        fields = {f"job.{name}" for name in view.__dataclass_fields__}
        assert not fields - set(known) - {"job.rules"}
    assert value_name("jobs.3.rules.0.when") == value_name("levels.1.jobs.0.rules.2.when") == "job.rules.when"


RICH: dict[str, Any] = {
    "version": 1,
    "kit": {"version": "0.1.0", "index": "https://packages.example/simple"},
    "project": {"name": "rich", "lock": "requirements.lock"},
    "store": "/srv/rich",
    "runners": {
        "gpu": {"image": "cuda@sha256:" + "b" * 64, "gitlab": ["a100"], "jenkins": "gpu"},
        "cpu": {"gitlab": ["docker"], "jenkins": "linux"},
    },
    "secrets": {
        "token": {"type": "text", "gitlab": "TOKEN", "jenkins": "token"},
        "robot": {"type": "username_password", "gitlab": "ROBOT", "jenkins": "robot"},
    },
    "schedules": {"nightly": {"cron": "0 2 * * *", "timezone": "UTC", "branch": "main"}},
    "jobs": {
        "check": {"runner": "cpu"},
        "test": {"events": ["merge_request", "branch:main"]},
        "train": {
            "needs": ["check"], "run": "a.b:c", "runner": "gpu", "timeout": "2h", "secrets": ["token"], "lock": "gpus",
            "changes": ["src/**"], "events": ["merge_request", "branch:main", "schedule:nightly"],
            "outputs": {"model": "model.bin"},
        },
        "ship": {
            "stage": "command", "run": "a.b:e", "needs": ["train"], "events": ["branch:main"], "secrets": ["robot"],
            "environment": "production",
        },
        "late": {"stage": "command", "run": "a.b:d", "needs": ["test"], "when": "manual"},
    },
    "environments": {"production": {"approval": "manual", "secrets": ["token"]}},
}  # fmt: skip

CHANGES: list[tuple[str, Any]] = [
    ("kit.index", "https://mirror.example/simple"),
    ("project.lock", "locks/python.lock"),
    ("store", None),
    ("runners.gpu.image", "other@sha256:" + "c" * 64),
    ("runners.gpu.gitlab", ["h100"]),
    ("runners.gpu.jenkins", "h100"),
    ("runners.cpu.jenkins", "debian"),
    ("secrets.token.gitlab", "OTHER_TOKEN"),
    ("secrets.robot.jenkins", "other-robot"),
    ("schedules.nightly.cron", "0 3 * * *"),
    ("jobs.check.timeout", "9m"),
    ("jobs.train.timeout", "3h"),
    ("jobs.train.lock", "all_gpus"),
    ("jobs.train.runner", "cpu"),
    ("jobs.train.changes", ["lib/**", "src/**"]),
    ("jobs.train.secrets", ["robot"]),
    ("jobs.ship.secrets", []),
    ("jobs.test.events", ["merge_request", "branch:release"]),
    ("jobs.late.when", "auto"),
    ("jobs.late.lock", "one"),
    ("environments.production.secrets", []),
]


MOVES = ("jobs.late.when", "Jenkinsfile")
"""The one change that also moves jobs: a question stands behind everything that asks nobody."""


def put(descriptor: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of the descriptor with one value changed, or taken out."""
    changed: dict[str, Any] = deepcopy(dict(descriptor))
    *parents, last = path.split(".")
    inner = changed
    for key in parents:
        inner = inner[key]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return changed


def written(folder: Path, descriptor: Mapping[str, Any]) -> Asked:
    """The answers for a descriptor that is written down; JSON is YAML."""
    folder.mkdir()
    (folder / "pipeline-kit.yml").write_text(json.dumps(descriptor, indent=1))
    return ask(folder)


def touched(
    before: tuple[LineSource, ...], after: tuple[LineSource, ...]
) -> Iterator[tuple[Sequence[LineSource], Sequence[LineSource]]]:
    """Below the header the lines that one file has and the other has not, with what stands in their place."""
    here, there = [each.text.strip() for each in before[2:]], [each.text.strip() for each in after[2:]]
    for kind, a, b, c, d in SequenceMatcher(None, here, there, autojunk=False).get_opcodes():
        if kind != "equal":
            yield before[2:][a:b], after[2:][c:d]


def are_about(sources: Sequence[LineSource], path: str) -> bool:
    """Whether there are lines, and one of the keys of each is the one that was changed, in it, or around it."""

    def is_about(source: LineSource) -> bool:
        keys = [f"{key}." for key in source.keys]
        return any(key.startswith(f"{path}.") or f"{path}.".startswith(key) for key in keys)

    return bool(sources) and all(is_about(each) for each in sources if each.text.strip(" }"))


def test_what_a_changed_value_changes_is_what_names_its_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Change one value, and every line that differs in either file says that it comes from that value's key."""
    base = written(tmp_path / "base", RICH)
    lines = 0
    for number, (path, value) in enumerate(CHANGES):
        changed = written(tmp_path / str(number), put(RICH, path, value))
        files = [name for name in base.files if (path, name) != MOVES]
        found = [each for name in files for each in touched(base.sources[name], changed.sources[name])]
        assert found, f"{path} changes nothing"
        strangers = [pair for pair in found if not any(are_about(side, path) for side in pair)]
        assert not strangers, f"{path}: {strangers[0]}"
        lines += sum(len(side) for pair in found for side in pair)
    with capsys.disabled():
        print(f"\nvalues changed: {len(CHANGES)}, lines that differed and named the value's key: {lines}")


def test_layers_are_told_of_lines(answers: dict[str, Asked]) -> None:
    """A line may come from the organisation, the repository, an environment or the kit."""
    seen = {
        (key.origin.layer, key.origin.position.file if key.origin.position else None)
        for asked in answers.values()
        for sources in asked.sources.values()
        for each in sources
        for key in each.keys
    }
    assert {
        (Layer.ORGANISATION, "pipeline-kit.organisation.yml"),
        (Layer.REPOSITORY, "pipeline-kit.yml"),
        (Layer.ENVIRONMENT, "pipeline-kit.yml"),
        (Layer.KIT, None),
    } == seen


def test_the_command_explains_a_line_in_words() -> None:
    """The job, the key, who set it where, the template's line, and what it means."""
    example = next(path for path in EXAMPLES if path.name == "tumour_logistic")
    text = (example / ".gitlab-ci.yml").read_text().splitlines()
    number = text.index("  timeout: 15 minutes") + 1
    shown = kit(example, "explain", f".gitlab-ci.yml:{number}")
    template = (TEMPLATES / "gitlab/gitlab-ci.yml.j2").read_text().splitlines()
    expected = [
        f".gitlab-ci.yml:{number}: timeout: 15 minutes",
        "  job       train",
        "  key       jobs.train.timeout = 10m",
        "  set by    repository, pipeline-kit.yml:73",
        f"  template  gitlab/gitlab-ci.yml.j2:{template.index('  timeout: {{ job.timeout }}') + 1}",
        "  meaning   The server's time limit: the kit's own, and five minutes more to report.",
    ]
    assert (shown.returncode, shown.stdout.splitlines()) == (0, expected)


def test_a_file_that_drifted_says_so_first(tmp_path: Path) -> None:
    """Lines that the kit would render are still explained, a stranger's line is not, and a missing file is told."""
    project = write_project(tmp_path, "  one: {stage: probe}\n")
    missing = kit(project, "explain", "Jenkinsfile:3").stdout.splitlines()
    assert missing[0] == "Jenkinsfile is not there yet; this is what `pipeline-kit render` would write"
    kit(project, "render")
    file = project / ".gitlab-ci.yml"
    lines = file.read_text().splitlines()
    at = lines.index("one:") + 1
    file.write_text("\n".join([*lines[:at], "  tags: [mine]", *lines[at:]]) + "\n")
    mine = kit(project, "explain", f".gitlab-ci.yml:{at + 1}").stdout.splitlines()
    assert mine[0].startswith(".gitlab-ci.yml differs from what the descriptor renders")
    assert "nothing renders this line" in mine[2]
    found = json.loads(kit(project, "explain", ".gitlab-ci.yml", "--json").stdout)
    assert [each["line"] for each in found["lines"] if not each["rendered"]] == [at + 1]
    assert found["state"].startswith("differs")
    file.write_text("one: {script: [make]}\n")
    assert "is not the kit's file" in kit(project, "explain", ".gitlab-ci.yml:1").stdout


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("Makefile:3", "Makefile is not a file that the kit renders"),
        ("Jenkinsfile:0", "Jenkinsfile has no line 0"),
        ("Jenkinsfile:9999", "its lines are 1 to"),
        ("Jenkinsfile:x", "'x' is not a line"),
        ("", "is not a file that the kit renders"),
    ],
)
def test_a_place_that_is_none_is_told(place: str, said: str) -> None:
    """Exit code 2, with the next step."""
    shown = kit(EXAMPLES[0], "explain", place)
    assert (shown.returncode, shown.stdout) == (2, "")
    assert said in shown.stderr


def test_a_path_to_the_file_will_do(tmp_path: Path) -> None:
    """As a compiler or an editor writes it, from another directory."""
    example = EXAMPLES[0]
    shown = kit(ROOT, "-C", str(example), "explain", f"{example}/Jenkinsfile:3")
    assert shown.stdout.startswith("Jenkinsfile:3: pipeline {"), shown.stderr
