"""Words that a server will read have one narrow form, the same in Python and in the schema."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_kit.adapters.stores import STORES
from pipeline_kit.catalog import Servers
from pipeline_kit.descriptor.cron import CronDays, cron_complaint
from pipeline_kit.descriptor.store import store_forms
from pipeline_kit.descriptor.vocabulary import grammars_of, reserved_names

SERVERS = tuple(Servers().values())
GRAMMARS = {**grammars_of(SERVERS), "store": store_forms(STORES.all())["store"]}
SHA = "sha256:" + "a" * 64
FREE_TEXT = ("label", "text")  # no server reads them

RIGHT = {
    "name": ("a", "nightly_2", "a" * 41),
    "job_name": ("train", "package", "build", "test", "deploy"),
    "project_name": ("fraud-model", "tumour_logistic"),
    "version": ("0.1.0", "1.10", "2.0.0rc1", "1.0.0.post1", "1.0.0.dev3"),
    "python": ("3.11", ">=3.11"),
    "store": ("/srv/models", "../models", "store", "~/models"),
    "index": ("https://pypi.example/simple", "http://localhost:8080/simple/", "http://127.0.0.1:3141"),
    "image": ("python:3.11-slim", f"python@{SHA}", "registry.example:5000/a/b:1.2", f"registry.example/a/b:1@{SHA}"),
    "image_digest": (f"ci/kit@{SHA}",),
    "gitlab_tag": ("docker", "a100", "linux-x86.64"),
    "jenkins_label": ("linux", "linux && gpu", "(a || b) && !spot", "built-in"),
    "credential": ("registry-robot", "A.b_c"),
    "variable": ("REGISTRY_TOKEN", "my_token"),
    "secret_variable": ("REGISTRY_TOKEN", "my_token", "CI_JOB_TOKEN", "CI_REGISTRY_PASSWORD"),
    "timezone": ("UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"),
    "branch": ("main", "release/1.2", "feature/a_b-c"),
    "ref": ("main", "release/*", "*-rc", "v*.*"),
    "event": ("merge_request", "push", "branch:main", "branch:release/*", "tag:v*", "schedule:nightly", "manual"),
    "glob": ("src/**", "*.py", "data/[ab]?.csv", "my folder/*", "setup.cfg", "data.train", "train.model"),
    "path": ("a", "a/b.csv", "my data/ü.csv", "./a", ".hidden", "a..b"),
    "package": ("baseline/production.tar", "production.tar", "production", "my models/ü.tar"),
    "namespace": ("fraud-staging", "a"),
    "digest": (SHA,),
    "cron": ("0 2 * * *", "*/5 0-6 1,15 * *", "0 0 29 2 *", "0 4 * * 7", "0-30/10 * * * 1-5"),
    "source": (
        "../ml.yml",
        "/etc/ml.yml",
        "git+https://git.example/ml.git@v7",
        "git+ssh://git@git.example/ml.git@release/7",
        "git+file:///srv/ml.git@v7#kits/ml.yml",
    ),
    "locked_path": ("runners", "environments.production.approval", "jobs.train.parameters.rate"),
    "distribution": ("acme-stages", "a", "Acme.Stages_2"),
    "host": ("127.0.0.1:5000", "registry.example", "registry.example:443"),
    "repository": ("registry.example/team/fraud", "localhost/fraud", "127.0.0.1:5000/a/b_c", "ci:5000/fraud"),
    "tag": ("latest", "1.4.2", "_a", "build-0123456789ab"),
    "base": (
        "scratch",
        "oci:bases/python",
        "oci:bases/python:3.11",
        "python:3.11-slim",
        f"registry.example/python@{SHA}",
    ),
    "platform": ("linux/amd64", "linux/arm64", "linux/arm/v7"),
    "module": ("serving", "model.serving", "_a.b2"),
    "object_name": ("registry-login", "a", "a.b-c"),
    "quantity": ("500m", "2", "0.5", "512Mi", "1.5Gi", "4G"),
}

WRONG = {
    "name": ("", "A", "1a", "a-b", "a" * 42, "a b", "é", "a\n"),
    "job_name": ("image", "pages", "stages", "default", "true", "pipeline", "node", "class", "on", "data"),
    "project_name": ("", "My Project", "-a"),
    "version": ("1", ">=1.0", "1.*", "latest", "1.0\n"),
    "python": ("3", "3.11.7", "==3.11", "2.7x"),
    "store": ("gs://x", "s3://ml/fraud", "oci://registry.example/ml", "-rf", "a$b", "S3://x", "file:///x"),
    "index": ("http://pypi.example", "https://user:pass@pypi.example", "https://pypi.example/$X", "ftp://x"),
    "image": ("python", "python:latest", "Python:3.11", "a b:1", "python:3.11 --privileged", f"python@{SHA}0", "$I:1"),
    "image_digest": ("ci/kit:1", "ci/kit"),
    "gitlab_tag": ("", "$TAG", "a b", "-a"),
    "jenkins_label": ("", "linux &&", "a & b", "(a", "a)(", "a'b", "a; b", "a b"),
    "credential": ("a b", "-a", "a'"),
    "secret_variable": ("1A", "CI", "CI_TOKEN", "CI_JOB_TOKEN_X", "XCI_JOB-TOKEN", "PATH", "PIPELINE_KIT_X"),
    "variable": ("1A", "A-B", "CI", "CI_TOKEN", "GITLAB_X", "PATH", "LD_PRELOAD", "PYTHONPATH_X=", "PIPELINE_KIT_X"),
    "timezone": ("Europe/Berln", "+02:00", "../../etc/passwd", "Europe", ""),
    "branch": ("release/*", "-b", "a..b", "a/", "a.lock", "a b", "a$b", "/a", "a//b"),
    "ref": ("", "a..b", "a*b*c*d*e", "a$", "a b"),
    "event": ("", "on", "branch:", "branch:a b", "schedule:Nightly", "merge_request:main", "manual:x"),
    "glob": ("", "../a", "/a", "!a", "a/", "{a,b}", "a$b", "a`b`", "a'b", ".git/config", ".pipeline-kit/out/a", "-a"),
    "path": ("", "..", "a/../b", "/a", "~/a", "-a", "a\\b", "a*b", "a$b", 'a"b', ".git", ".pipeline-kit/out/x"),
    "package": ("", "../a.tar", "/a.tar", "~/a.tar", "s3://ml/a.tar", "a//b.tar", "baseline/", "$HOME/a.tar", "*.tar"),
    "namespace": ("A", "a_b", "-a", "a-", "a" * 64),
    "digest": ("abc", "sha256:abc", "SHA256:" + "a" * 64),
    "cron": ("", "* * * *", "60 * * * *", "@daily", "0 2 1 * 1", "0 0 31 2 *", "5-1 * * * *", "*/0 * * * *",
             "0 24 * * *"),
    "source": ("-x", "git+http://git.example/ml.git@v7", "git+https://git.example/ml.git", "git+https://a/b@-v",
               "git+https://a/b@v7#../x", "git+https://a/b@v7#a/../../x", "git+https://$H/b@v7"),
    "locked_path": ("", "a..b", "A", ".a", "a."),
    "distribution": ("", "-a", "a-", "a b", "a>=1", "a[b]", "../a", "a;b"),
    "host": ("", "http://registry.example", "registry.example/a", "-a", "a:b", "Registry.example", "a b", "a:123456"),
    "repository": ("", "fraud", "team/fraud", "registry.example/fraud:1", f"registry.example/fraud@{SHA}",
                   "registry.example/Fraud", "https://registry.example/fraud", "registry.example/../a",
                   "registry.example/"),
    "tag": ("", "-a", ".a", "a b", "a" * 129, "a:b", "a/b"),
    "base": ("", "python", "oci:", "oci:-a", "python:3.11 --x", "docker://python:3", "python@sha256:abc"),
    "platform": ("", "amd64", "windows/amd64", "linux/", "linux/amd64/8", "linux/AMD64"),
    "object_name": ("", "-a", "a-", "A", "a_b", "a b", "a" * 254, "a/b"),
    "quantity": ("", "-1", "500 m", "1e3", "512mi", "2KB", ".5", "1.", "Mi", "$(x)"),
    "module": ("", "a-b", "1a", "a.", ".a", "a..b", "a b", "os;x"),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_right_words_pass(name: str) -> None:
    """What people and servers really write is taken."""
    complaints = {text: GRAMMARS[name].complaint(text) for text in RIGHT[name]}
    assert complaints == dict.fromkeys(RIGHT[name])


@pytest.mark.parametrize("name", WRONG)
def test_wrong_words_are_refused(name: str) -> None:
    """Everything else is refused, with a reason and a next step."""
    complaints = {text: GRAMMARS[name].complaint(text) for text in WRONG[name]}
    assert [text for text, complaint in complaints.items() if complaint is None or not all(complaint)] == []


@pytest.mark.parametrize("name", sorted(set(GRAMMARS) - set(FREE_TEXT)))
@settings(deadline=None)
@given(text=st.text(max_size=30), code=st.sampled_from("$'\"`\\\n\r\x00"), after=st.text(max_size=10))
def test_no_word_carries_code(name: str, text: str, code: str, after: str) -> None:
    """No word that reaches a server holds a dollar, a quote, a backtick, a backslash or a line end."""
    assert GRAMMARS[name].complaint(text + code + after) is not None


@pytest.mark.parametrize("name", sorted(GRAMMARS))
def test_every_grammar_is_tried_and_portable(name: str) -> None:
    """Each grammar has examples in these tables, and its pattern uses no syntax that ECMAScript lacks."""
    assert name in RIGHT or name in FREE_TEXT
    assert not re.search(r"\(\?P|\(\?i|\\A|\\Z|\(\?<|\+\+|\*\+|\(\?>", GRAMMARS[name].pattern)


def test_a_word_has_an_end() -> None:
    """A word of a million letters is refused before any pattern works on it."""
    assert GRAMMARS["path"].complaint("a" * 1_000_000) == ("is longer than 4000 characters", "shorten it")


def test_the_kits_own_stages_are_free_names() -> None:
    """A job named as its stage is the common case, so no such name is reserved."""
    stages = {"check", "prepare", "build", "test", "train", "evaluate", "gate", "package", "deploy", "monitor"}
    assert not stages & set(reserved_names(SERVERS))


def test_days_restricted_twice_mean_two_things() -> None:
    """GitLab would start on either, Jenkins on both: the words say so."""
    complaint = GRAMMARS["cron"].complaint("0 2 13 * 5")
    assert complaint is not None
    assert complaint[0].endswith("which GitLab joins by or, Jenkins by and")


def test_days_restricted_twice_are_taken_where_the_servers_agree() -> None:
    """One server alone, or two that read it alike, leave nothing to misunderstand."""
    assert cron_complaint("0 2 13 * 5", {"one": CronDays.BOTH, "another": CronDays.BOTH, "third": None}) is None
