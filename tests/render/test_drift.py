"""What changed between the files on disk and the plan, in words."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_kit.descriptor.model import When
from pipeline_kit.plan.model import Plan
from pipeline_kit.render.drift import Drift, drifts
from pipeline_kit.render.drift import drift as drift_from
from pipeline_kit.render.header import edited_by_hand
from pipeline_kit.servers import SERVERS
from pipeline_kit.servers.project import render_project
from tests.render.plans import CPU, GPU, MERGE_REQUEST, STAGING, descriptor, full, job, plan
from tests.render.test_golden_files import GOLDEN, NAMES

FACTS = {server.words.file: server.facts for server in SERVERS.all().values()}
FILES = (".gitlab-ci.yml", "Jenkinsfile")


def drift(file: str, old: str | None, new: str) -> Drift | None:
    """The drift of a file whose new jobs are read from its text: it has been checked that the plan gives the same."""
    return drift_from(file, old, new, FACTS[file], lambda: FACTS[file](new))


def with_job(made: Plan, name: str, **changes: object) -> Plan:
    """The plan with one job changed."""
    return replace(made, jobs=tuple(replace(each, **changes) if each.name == name else each for each in made.jobs))


def said(before: Plan, after: Plan) -> dict[str, tuple[str, ...]]:
    """The sentences by file."""
    old, new = render_project(before, descriptor()), render_project(after, descriptor())
    return {each.path: each.meanings for each in drifts(new, old.files)}


BASE = plan(
    job("check"),
    job("test"),
    job("train", "check", level=1, runner=CPU),
    job("deploy", "train", level=2, when=When.MANUAL, environment=STAGING, forks=False),
)


@pytest.mark.parametrize(
    ("name", "changes", "sentence"),
    [
        ("deploy", {"when": When.AUTO}, "deploy lost its approval"),
        ("train", {"when": When.MANUAL}, "train now waits for a person's approval"),
        ("train", {"needs": ("check", "test"), "takes": ("check", "test")}, "train now waits for test too"),
        ("train", {"needs": (), "takes": ()}, "train no longer waits for check"),
        ("train", {"timeout_seconds": 21600}, "timeout of train: 1 hour 5 minutes -> 6 hours 5 minutes"),
        ("train", {"runner": GPU}, f"image of train: registry.example/kit@sha256:{'ab' * 32} -> {GPU.image}"),
        ("train", {"lock": "gpu"}, "lock of train: none -> fraud-gpu"),
        ("deploy", {"environment": None}, "lock of deploy: fraud-staging -> none"),
    ],
)
def test_a_change_is_told_in_words_for_both_files(name: str, changes: dict[str, object], sentence: str) -> None:
    """The same sentence stands for the GitLab file and for the Jenkinsfile."""
    told = said(BASE, with_job(BASE, name, **changes))
    assert all(sentence in told[file] for file in FILES), told


@pytest.mark.parametrize("file", FILES)
def test_lost_events_are_told(file: str) -> None:
    """A job that starts on fewer events says which; the job that is not changed says nothing."""
    told = said(BASE, with_job(BASE, "train", events=(MERGE_REQUEST,)))[file]
    assert "train no longer starts on tags" in told
    assert "train no longer starts on pushes" in told
    assert not any(sentence.startswith(("check", "test")) for sentence in told)


@pytest.mark.parametrize("case", NAMES)
def test_both_files_of_a_descriptor_start_each_job_on_the_same(case: str) -> None:
    """In words, though a stage of Jenkins leaves out what the outcome of a need has said already."""
    gitlab = SERVERS.load("gitlab").facts((GOLDEN / case / "gitlab-ci.yml").read_text(encoding="utf-8"))
    jenkins = SERVERS.load("jenkins").facts((GOLDEN / case / "Jenkinsfile").read_text(encoding="utf-8"))
    assert jenkins
    assert {name: job.starts for name, job in jenkins.items()} == {name: gitlab[name].starts for name in jenkins}


def test_jobs_come_and_go() -> None:
    """An added and a removed job are named in both files."""
    other = plan(*(each for each in BASE.jobs if each.name != "test"), job("lint"))
    told = said(BASE, other)
    assert all({"job lint was added", "job test was removed"} <= set(told[file]) for file in FILES)


def test_equal_files_have_no_drift() -> None:
    """Nothing to tell, and nothing is told."""
    project = render_project(*full())
    assert drifts(project, project.files) == ()


def test_a_missing_file_is_named() -> None:
    """A file that is not there is drift too; a file nobody asked about is not."""
    project = render_project(*full())
    (found,) = drifts(project, {"Jenkinsfile": None})
    assert found.meanings == ("Jenkinsfile is missing",)


@pytest.mark.parametrize("file", FILES)
def test_an_edit_by_hand_is_recognised(file: str) -> None:
    """The header's digest is of the text below it."""
    text = render_project(*full()).files[file]
    assert not edited_by_hand(text)
    changed = text.replace("train", "trian")
    assert edited_by_hand(changed)
    found = drift(file, changed, text)
    assert found is not None
    assert f"{file} has been edited by hand since it was rendered" in found.meanings


def test_another_version_of_the_kit_is_told() -> None:
    """The header alone differs where the kit was upgraded and renders the same."""
    text = render_project(*full()).files["Jenkinsfile"]
    found = drift("Jenkinsfile", text.replace("pipeline-kit 0.", "pipeline-kit 9."), text)
    assert found is not None
    assert found.meanings == ("only the header of Jenkinsfile differs: another version of pipeline-kit rendered it",)


def test_a_change_outside_of_the_jobs_is_admitted() -> None:
    """Where no sentence fits, the words point to the diff."""
    made, made_for = full()
    old = render_project(made, made_for).files["Jenkinsfile"]
    new = old.replace("https://pypi.example/simple", "https://mirror.example/simple")
    found = drift("Jenkinsfile", old, new)
    assert found is not None
    assert "Jenkinsfile changed in none of its jobs" in found.meanings[0]
    assert "+" in found.diff


@pytest.mark.parametrize(
    "text",
    ["", "a: [", "- 1", "a: {script: !reference [b]}", "x: 1", "\x00", "a: {needs: 3, rules: x, script: y}", "&a [*a]"],
)
@pytest.mark.parametrize("file", FILES)
def test_a_foreign_file_is_no_error(text: str, file: str) -> None:
    """Whatever stands on disk, the comparison ends with words."""
    found = drift(file, text, render_project(*full()).files[file])
    assert found is not None
    assert found.meanings


@pytest.mark.parametrize("bomb", ["{{<<: [{}]}}", "[{}]"], ids=["merge keys", "lists"])
def test_aliases_are_not_expanded(bomb: str) -> None:
    """Forty levels of nine aliases are 9^40 values if they are expanded: the file is refused, as if it had no job."""
    levels = [f"a{level}: &a{level} {bomb.format(', '.join([f'*a{level - 1}'] * 9))}" for level in range(1, 40)]
    job = "job: {script: make, image: *a39, needs: *a39, tags: *a39, rules: *a39, variables: *a39}"
    text = "\n".join(["a0: &a0 {x: 1}", *levels, job])
    new = render_project(*full()).files[".gitlab-ci.yml"]
    empty, bombed = (drift(".gitlab-ci.yml", old, new) for old in ("", text))
    assert empty is not None
    assert bombed is not None
    assert bombed.meanings == empty.meanings


@given(st.text("stage('a') {\n}agent: -[]&*!|>\"#script", max_size=80), st.sampled_from(FILES))
def test_any_text_is_compared(text: str, file: str) -> None:
    """No text raises."""
    assert drift(file, text, "# Rendered\n") is not None


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ('$CI_PIPELINE_SOURCE == "merge_request_event"', "merge requests"),
        ("$CI_PIPELINE_SOURCE=='merge_request_event'", "merge requests"),
        (
            "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_MERGE_REQUEST_PROJECT_ID"
            ' && $CI_PIPELINE_SOURCE == "merge_request_event"',
            "merge requests from the project itself",
        ),
        ('$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH', "pushes"),
        ('$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH == "main"', "pushes to main"),
        ('$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_TAG =~ /^v.*$/', "tags like ^v.*$"),
        ('$CI_PIPELINE_SOURCE == "schedule" && $PIPELINE_KIT_SCHEDULE == "nightly"', "the schedule nightly"),
        ('$CI_PIPELINE_SOURCE == "schedule"', "schedules"),
        ("$CI_PIPELINE_SOURCE =~ /^(web|api)$/", "runs started by hand"),
        *((text, text) for text in (
            '$CI_COMMIT_BRANCH == "main"',
            '$CI_PIPELINE_SOURCE == "merge_request_event" || $X',
            '$CI_PIPELINE_SOURCE == "merge_request_event" && $X',
            '$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH != "main"',
            '$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH == "main" && $X',
            '$CI_PIPELINE_SOURCE == "push" && ($CI_COMMIT_BRANCH)',
            '$CI_PIPELINE_SOURCE =~ /^(web|api|trigger)$/',
            '$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $X && $CI_PIPELINE_SOURCE == "merge_request_event"',
            '"merge_request_event" == "merge_request_event"',
            '$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH == null',
            '$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH =~ /^main$/i',
            '$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH =~ "main"',
            '$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH == /main/',
            '$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH == "$X"',
            '$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == "$CI_MERGE_REQUEST_PROJECT_ID"'
            ' && $CI_PIPELINE_SOURCE == "merge_request_event"',
            '$A && $A', '$A ==', '&&', '"a', '$CI_PIPELINE_SOURCE == "push" &&',
        )),
    ],
)  # fmt: skip
def test_a_condition_is_the_events_that_it_starts_on_or_is_shown_as_it_is(condition: str, words: str) -> None:
    """Its comparisons are read, in any order and any quotes; one that the kit does not write is never left out."""
    file = f"a:\n  script: x\n  rules:\n    - if: {json.dumps(condition)}\n"
    assert FACTS[".gitlab-ci.yml"](file)["a"].starts == {words}
