"""The scan of a source tree: everything that was planted is found by name, and what only looks like it is not."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline_kit.adapters.git.history import GitHistory, hunks
from pipeline_kit.scan.finding import BLOCKING, EVERYWHERE, RULES, Severity, masked
from pipeline_kit.scan.located import documents
from pipeline_kit.scan.manifests import check_manifests
from pipeline_kit.scan.secrets import secrets_in
from pipeline_kit.scan.tree import scan_history, scan_tree
from tests.scan.planted import HARMLESS, HEX, LETTERS, PLANTED, SECRETS, Case
from tests.watchdog import ends

Count = Callable[[str, int], None]


def write(root: Path, case: Case) -> None:
    path = root / case.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(case.content if isinstance(case.content, bytes) else case.content.encode())


@pytest.mark.parametrize("name", PLANTED)
def test_what_is_planted_is_found_by_name(tmp_path: Path, name: str, count: Count) -> None:
    """By its rule, in its file, on its line; and no secret stands in what is told."""
    case = PLANTED[name]
    write(tmp_path, case)
    found = scan_tree(tmp_path).findings
    assert (case.rule, case.path) in {(each.rule, each.path) for each in found}, found
    if case.line is not None:
        assert case.line in {each.line for each in found if each.rule == case.rule}, found
    told = json.dumps([(each.message, each.subject, each.hint) for each in found])
    assert not any(secret in told for secret in (LETTERS[:12], HEX[:12], "s9K!vv2Lq", "s9Kvv2Lq", "tr0ub4dor"))
    count("findings planted in source trees and found by name", 1)


@pytest.mark.parametrize("name", HARMLESS)
def test_what_looks_like_one_is_not_flagged(tmp_path: Path, name: str, count: Count) -> None:
    """Placeholders, references, public keys, digests, published packages, good manifests."""
    write(tmp_path, HARMLESS[name])
    assert scan_tree(tmp_path).findings == []
    count("harmless look-alikes not flagged", 1)


def test_a_link_that_leaves_the_project(tmp_path: Path) -> None:
    """It is found; one within is fine."""
    (tmp_path / "a").write_text("x")
    (tmp_path / "b").symlink_to("a")
    (tmp_path / "c").symlink_to("/etc")
    assert [(each.rule, each.path) for each in scan_tree(tmp_path).findings] == [("link_outside", "c")]


@pytest.mark.parametrize(
    "text", ["a: &a [1]\n" + "b: [*a]\n" * 300_000, "[" * 5000, "a: [", "\0", "- !!python/x y", ""]
)
def test_a_hostile_manifest_is_no_manifest(text: str) -> None:
    """Alias bombs, deep nesting and broken YAML end at once and find nothing."""
    assert check_manifests("apiVersion: v1\nkind: Pod\nx: " + text, "a.yaml") == [] or len(documents(text)) <= 1


def test_a_secret_is_shown_by_its_first_characters_and_length() -> None:
    """Never more than a quarter of it."""
    assert masked("abcdefghijklmnop") == "abcd... (16 characters)"
    assert masked("abcdefgh") == "ab... (8 characters)"
    assert masked("abc") == "... (3 characters)"


def test_a_long_line_does_not_take_long(tmp_path: Path) -> None:
    """A minified file of eight megabytes full of almost-secrets is read in seconds."""
    line = b"token password= secret:'" * 100_000 + b"://" * 500_000 + b"a" * 4_000_000
    assert list(secrets_in("a.js", line)) == []


def test_the_rules_agree() -> None:
    """Each has a severity, a sentence and a next step; what blocks and what counts everywhere are rules."""
    assert set(BLOCKING) <= set(RULES)
    assert set(EVERYWHERE) <= set(BLOCKING)
    for rule in RULES.values():
        assert rule.says.endswith(".")
        assert rule.hint
        assert rule.severity in Severity


def git(root: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)


def test_a_secret_that_was_taken_out_is_found_in_the_history(tmp_path: Path, count: Count) -> None:
    """At the commit that added it, with the line that it had; the files of today are clean."""
    git(tmp_path, "init", "-q")
    planted = {name: case for name, case in SECRETS.items() if isinstance(case.content, str)}
    for case in planted.values():
        write(tmp_path, case)
    (tmp_path / "a file.txt").write_text("++ not a header\n")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "one")
    for case in planted.values():
        (tmp_path / case.path).write_text("clean\n")
    git(tmp_path, "commit", "-qam", "two")
    history = GitHistory(tmp_path)
    commits = history.commits(100)
    assert (len(commits), history.shallow()) == (2, False)
    assert scan_tree(tmp_path).findings == []
    found = scan_history(history.added(100))
    assert {(each.path, each.line) for each in found} == {(case.path, case.line) for case in planted.values()}
    assert {each.rule for each in found} == {"secret_in_history"}
    assert all(commits[1][:12] in each.message for each in found)
    assert scan_history(history.added(1)) == []
    count("secrets found in a git history", len(planted))


def test_added_lines_are_read_by_their_number() -> None:
    """A line that looks like a header is content, and a file that was taken out adds nothing."""
    patch = b"\0commit abc\n--- a/x\n+++ b/x\n@@ -1 +1,2 @@\n-old\n+++ b/y\n+two\n@@ -9,0 +11 @@\n+three\n"
    patch += b"\\ No newline at end of file\n--- a/z\n+++ /dev/null\n@@ -1 +0,0 @@\n-gone\n"
    found = [(each.commit, each.path, each.line, each.text) for each in hunks(iter(patch.splitlines()))]
    assert found == [("abc", "x", 1, b"++ b/y\ntwo"), ("abc", "x", 11, b"three")]


def test_there_is_no_history_outside_a_repository(tmp_path: Path) -> None:
    """Nothing to look at, and nothing raised."""
    assert GitHistory(tmp_path).commits(5) == ()


ENDLESS = {
    "a key that never begins": ("a.pem", "-----BEGIN PRIVATE" + " KEY-----" + " " * 2_000_000),
    "an empty .env": (".env", "\n" * 900_000),
    "an empty kubeconfig": ("kubeconfig", " \n" * 400_000),
    "an empty .pypirc": (".pypirc", "\n" * 900_000),
    "machines without passwords": (".netrc", "machine a " * 90_000),
    "quotes that never end": ("Dockerfile", "FROM a:1\nENV " + 'A=" ' * 60_000),
    "downloads that go nowhere": ("b/Dockerfile", "FROM a:1\nRUN " + "curl " * 50_000),
    "lines that go on": ("c/Dockerfile", "FROM a:1\nRUN " + "\\\n" * 100_000),
    "tokens and nothing else": ("a.yml", "token" * 1_000_000),
    "colons": ("a.sh", "password" + ":" * 3_000_000),
    "addresses": ("a.txt", "a://b:" * 500_000),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_a_file_that_is_made_to_take_long_does_not(tmp_path: Path, name: str) -> None:
    """No expression looks back over all of it again and again."""
    path, content = ENDLESS[name]
    write(tmp_path, Case(path, content))
    with ends():
        scan_tree(tmp_path)
