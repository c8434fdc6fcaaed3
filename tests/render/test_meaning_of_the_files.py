"""What the rendered files say, checked on small plans."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

import pytest
import yaml

from pipeline_kit.descriptor.model import EventKind, EventPattern, Kit, Runner, Schedule, When
from pipeline_kit.errors import UsageError
from pipeline_kit.plan.model import Plan
from pipeline_kit.render.words import duration_words
from pipeline_kit.servers.project import render_project
from tests.render.plans import (
    CPU,
    GPU,
    IMAGE_KIT,
    KUBECONFIG,
    MAIN,
    MERGE_REQUEST,
    MODEL,
    NIGHTLY,
    PRODUCTION,
    REGISTRY,
    STAGING,
    TOKEN,
    descriptor,
    full,
    job,
    plan,
)

MERGE = '$CI_PIPELINE_SOURCE == "merge_request_event"'
SAME = "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_MERGE_REQUEST_PROJECT_ID"


def gitlab(made: Plan, **more: Any) -> dict[str, Any]:
    """The GitLab file, read back."""
    return yaml.safe_load(render_project(made, descriptor(**more)).files[".gitlab-ci.yml"])


def jenkins(made: Plan, **more: Any) -> str:
    """The Jenkinsfile."""
    return render_project(made, descriptor(**more)).files["Jenkinsfile"]


def settings(made: Plan, **more: Any) -> str:
    """The settings needed, a line each."""
    return "\n".join(render_project(made, descriptor(**more)).settings_needed)


def test_a_push_beside_a_merge_request_starts_one_pipeline() -> None:
    """The merge request's; where nothing runs for merge requests, the push's."""
    first, *_ = gitlab(plan(job("a")))["workflow"]["rules"]
    assert first == {
        "if": '$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH && $CI_OPEN_MERGE_REQUESTS',
        "when": "never",
    }
    only_pushes = gitlab(plan(job("a", events=(MAIN,))))
    assert only_pushes["workflow"]["rules"] == [{"if": '$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH == "main"'}]


def test_the_workflow_starts_on_what_starts_any_job() -> None:
    """Of overlapping patterns the widest: no event makes an empty pipeline that fails."""
    release = EventPattern(EventKind.PUSH, "release/*")
    rules = gitlab(plan(job("a", events=(MAIN, release)), job("b", events=(NIGHTLY,))))["workflow"]["rules"]
    assert [rule["if"].rpartition("&& ")[2] for rule in rules] == [
        '$CI_COMMIT_BRANCH == "main"',
        "$CI_COMMIT_BRANCH =~ /^release\\/.*$/",
        '$PIPELINE_KIT_SCHEDULE == "nightly"',
    ]


def test_changes_narrow_merge_requests_only() -> None:
    """Every other event's rule is without `changes`, and a folder means all within it."""
    file = gitlab(plan(job("a", changes=("src/**", "data"))))
    merge, *others = file["a"]["rules"]
    assert merge == {"if": MERGE, "changes": {"paths": ["src/**/*", "data", "data/**/*"]}}
    assert len(others) == 4
    assert not any("changes" in rule for rule in others)


def test_a_fork_gets_no_secrets() -> None:
    """A job with a secret starts for merge requests of the project itself only, on both servers."""
    made = plan(job("a", secrets=(TOKEN,), forks=False), job("b"))
    assert gitlab(made)["a"]["rules"][0] == {"if": f"{MERGE} && {SAME}"}
    assert gitlab(made)["b"]["rules"] == [{"when": "on_success"}]
    assert jenkins(made).count("expression { env.CHANGE_FORK == null }") == 1


def test_a_manual_job_holds_its_dependents() -> None:
    """Never a failure that is allowed, be it the job's own word or its environment's."""
    made = plan(job("a", when=When.MANUAL), job("b", environment=PRODUCTION, forks=False))
    file = gitlab(made)
    for name in ("a", "b"):
        assert all(rule["when"] == "manual" for rule in file[name]["rules"])
        assert file[name]["allow_failure"] is False
        assert f"message 'Start {name}?'" in jenkins(made)


def test_results_are_kept_and_reported() -> None:
    """Always, also of a job that failed."""
    artifacts = gitlab(plan(job("a")))["a"]["artifacts"]
    assert artifacts == {
        "when": "always",
        "expire_in": "30 days",
        "paths": [".pipeline-kit/out/a/"],
        "reports": {"junit": ".pipeline-kit/out/a/junit.xml"},
    }


def test_models_go_to_the_store_where_there_is_one() -> None:
    """Then they are no artifact on either server; without one, a sentence says what that means."""
    made = plan(job("train", outputs=MODEL))
    stored = gitlab(made, store="s3://ml/fraud")["train"]["artifacts"]["exclude"]
    assert stored == [".pipeline-kit/out/train/model.onnx", ".pipeline-kit/out/train/model.onnx/**/*"]
    assert "exclude" not in gitlab(made)["train"]["artifacts"]
    assert jenkins(made, store="s3://ml/fraud").count("excludes: '.pipeline-kit/out/train/model.onnx,") == 2
    assert "`store`" in settings(made)
    assert "`store`" not in settings(made, store="s3://ml/fraud")


def test_only_the_exit_code_of_infrastructure_is_tried_again() -> None:
    """Once, on both servers; lost runners and agents too."""
    assert gitlab(plan(job("a")))["default"]["retry"] == {
        "max": 1,
        "exit_codes": [3],
        "when": ["runner_system_failure"],
    }
    text = jenkins(plan(job("a")))
    assert "sh 'pipeline-kit job a || { [ $? -eq 3 ] && pipeline-kit job a; }'" in text
    assert "retry(count: 2, conditions: [agent(), nonresumable()])" in text


def test_needs_are_explicit() -> None:
    """A job without needs starts at once; one that takes more than it needs names all it takes."""
    file = gitlab(plan(job("a"), job("b", "a", level=1), job("c", "b", level=2, takes=("a", "b"))))
    assert [file[name]["needs"] for name in "abc"] == [[], ["a"], ["a", "b"]]
    assert [file[name]["stage"] for name in "abc"] == file["stages"] == ["level-1", "level-2", "level-3"]


def test_newer_pushes_stop_before_the_first_deploy() -> None:
    """Up to there they end the older pipeline; from there on nothing does."""
    made, made_for = full()
    files = render_project(made, made_for).files
    file = yaml.safe_load(files[".gitlab-ci.yml"])
    assert file["workflow"]["auto_cancel"] == {"on_new_commit": "conservative"}
    assert file["default"]["interruptible"] is True
    assert [
        name
        for name in file
        if file[name] and isinstance(file[name], dict) and file[name].get("interruptible") is False
    ] == [
        "deploy_staging",
        "deploy_production",
    ]
    order = [
        files["Jenkinsfile"].index(text)
        for text in ("milestone(env", "stage('gate')", "milestone(1000000000", "stage('deploy_s")
    ]
    assert order == sorted(order)
    assert "disableConcurrentBuilds" not in files["Jenkinsfile"]
    assert "disableConcurrentBuilds(abortPrevious: true)" in jenkins(plan(job("a")))


def test_one_job_at_a_time_in_an_environment_or_under_a_lock() -> None:
    """The name is the project's own, since Jenkins's locks are the server's."""
    made = plan(job("a", environment=STAGING, forks=False), job("b", lock="gpu"))
    file = gitlab(made)
    assert (file["a"]["resource_group"], file["b"]["resource_group"]) == ("fraud-staging", "fraud-gpu")
    assert file["a"]["environment"] == {"name": "staging"}
    assert "lock('fraud-staging')" in jenkins(made)
    assert "lock('fraud-gpu')" in jenkins(made)


def test_runner_classes_become_tags_labels_and_images() -> None:
    """A class with an image runs in Docker on Jenkins; a job without a class runs anywhere."""
    made = plan(job("a", runner=GPU), job("b", runner=CPU), job("c"))
    file = gitlab(made, kit=Kit("0.1.0"))
    assert (file["a"]["image"], file["a"]["tags"]) == (GPU.image, ["a100", "linux"])
    assert "image" not in file["b"]
    text = jenkins(made, kit=Kit("0.1.0"))
    assert f"docker {{\n              image '{GPU.image}'\n              label 'gpu && linux'\n" in text
    assert "agent {\n            label 'linux'\n" in text
    assert text.count("agent any") == 1


@pytest.mark.parametrize(
    ("kit", "line"),
    [
        (Kit("0.1.0"), "pip install pipeline-kit==0.1.0"),
        (
            Kit("0.1.0", index="https://pypi.example/simple"),
            "pip install --index-url https://pypi.example/simple pipeline-kit==0.1.0",
        ),
        (Kit("0.1.0", lock=PurePosixPath("ci/kit.lock")), "pip install --require-hashes -r ci/kit.lock"),
        (
            Kit("0.1.0", index="https://a/'$(id)'"),
            "pip install --index-url 'https://a/'\"'\"'$(id)'\"'\"'' pipeline-kit==0.1.0",
        ),
    ],
)
def test_the_pinned_kit_is_installed_first(kit: Kit, line: str) -> None:
    """By version, from an index, or by hash from a lock file; a value of it is one word of the shell."""
    assert gitlab(plan(job("a")), kit=kit)["default"]["before_script"] == [line]
    escaped = line.replace("'", "\\'")
    assert f"sh '{escaped}'" in jenkins(plan(job("a")), kit=kit)


def test_an_image_carries_the_kit() -> None:
    """Then nothing is installed, and jobs without an image of their own run in it."""
    file = gitlab(plan(job("a"), job("b", runner=GPU)), kit=IMAGE_KIT)
    assert "before_script" not in file["default"]
    assert (file["a"]["image"], file["b"]["image"]) == (IMAGE_KIT.image, GPU.image)


def test_secrets_are_references() -> None:
    """Each server's own name for them stands in the file, never a value."""
    made = plan(job("a", secrets=(TOKEN, REGISTRY, KUBECONFIG)))
    assert gitlab(made)["a"]["variables"] == {
        "PIPELINE_KIT_SECRET_TOKEN": "$API_TOKEN",
        "PIPELINE_KIT_SECRET_REGISTRY_USERNAME": "$REGISTRY_USERNAME",
        "PIPELINE_KIT_SECRET_REGISTRY_PASSWORD": "$REGISTRY_PASSWORD",
        "PIPELINE_KIT_SECRET_KUBECONFIG": "$KUBECONFIG",
    }
    assert "string(credentialsId: 'api-token', variable: 'PIPELINE_KIT_SECRET_TOKEN')" in jenkins(made)
    assert "file(credentialsId: 'kube', variable: 'PIPELINE_KIT_SECRET_KUBECONFIG')" in jenkins(made)
    assert "Jenkins: credential `registry-robot`: user name with password (secret registry)" in settings(made)


def test_a_secret_that_a_server_does_not_have_is_told() -> None:
    """It is rendered nowhere on that server, and the settings say what that means."""
    made = plan(job("a", secrets=(replace(TOKEN, servers={"gitlab": "API_TOKEN"}),)))
    assert "withCredentials" not in jenkins(made)
    assert "Jenkins: secret token names nothing there, so jobs with it fail on it" in settings(made)


def test_schedules_are_in_the_jenkinsfile_and_beside_the_gitlab_file() -> None:
    """By branch on Jenkins; GitLab keeps them as a setting. What one file cannot hold is said."""
    made = plan(job("a"))
    nightly, weekly = Schedule("nightly", "0 2 * * *"), Schedule("weekly", "0 3 * * 0")
    berlin = Schedule("berlin", "0 4 * * *", timezone="Europe/Berlin")
    dev = replace(berlin, name="dev", branch="dev")
    text = jenkins(made, schedules=(nightly, weekly, berlin, dev))
    expected = "TZ=UTC\\n0 2 * * * %PIPELINE_KIT_SCHEDULE=nightly\\n0 3 * * 0 %PIPELINE_KIT_SCHEDULE=weekly"
    assert f"'main': '{expected}',\n" in text
    assert "'dev': 'TZ=Europe/Berlin\\n0 4 * * * %PIPELINE_KIT_SCHEDULE=dev',\n" in text
    told = settings(made, schedules=(nightly, berlin))
    assert "schedule `berlin` is not in the Jenkinsfile" in told
    assert "pipeline schedule `nightly`: cron `0 2 * * *`, time zone UTC, branch main" in told
    assert "parameterizedCron" not in jenkins(made)


def test_jenkins_waits_where_the_plan_does_not() -> None:
    """Levels are barriers: the sentence says who waits for whom."""
    made = plan(job("a"), job("b"), job("c", "a", level=1))
    assert render_project(made, descriptor()).barriers == ("on Jenkins c also waits for b to end",)


def test_a_job_that_starts_on_less_than_its_needs_says_so_on_jenkins() -> None:
    """A job that starts whenever its need does has no condition but the need's outcome."""
    made = plan(job("a"), job("b", "a", level=1), job("c", "a", level=1, events=(MERGE_REQUEST,)))
    assert jenkins(made).count("changeRequest()") == 1


@pytest.mark.parametrize(
    "runner",
    [Runner("r", image="a$b"), Runner("r", servers={"gitlab": ("a`b",)}), Runner("r", servers={"jenkins": "$x"})],
)
def test_what_a_server_would_expand_is_refused(runner: Runner) -> None:
    """The descriptor's grammar refuses it too; the renderer does not rely on that."""
    with pytest.raises(UsageError, match="expand"):
        render_project(plan(job("a", runner=runner)), descriptor())


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 seconds"),
        (1, "1 second"),
        (3600, "1 hour"),
        (3900, "1 hour 5 minutes"),
        (90061, "1 day 1 hour 1 minute 1 second"),
    ],
)
def test_a_duration_in_words(seconds: int, words: str) -> None:
    """As GitLab reads it."""
    assert duration_words(seconds) == words


@pytest.mark.parametrize("name", ["yes", "on", "null", "n"])
def test_a_name_that_yaml_misreads_is_quoted(name: str) -> None:
    """The job keeps its name."""
    assert name in gitlab(plan(job(name)))
