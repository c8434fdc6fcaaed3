"""Values arrive in the target language as they were, whatever characters they hold."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline_kit.errors import UsageError
from pipeline_kit.render.quoting import name_expression, server_word, yaml_line, yaml_list, yaml_scalar
from pipeline_kit.servers.jenkins.quoting import groovy_string

TEXT = st.text(st.characters(exclude_categories=("Cs",)))
NASTY = [
    "", " ", "-", "- a", "a: b", "a #b", "#", "on", "NO", "null", "~", "1", "1e3", "0x1", "1:30", "2026-11-22", "=",
    "'", '"', "\\", "\\n", "\n", "a\nb", "\t", "$HOME", "${x}", "`id`", "{{ x }}", "{% x %}", "%", "@a", "*a", "&a",
    "!a", "<<", "a, b", "[a]", "{a}", "é", "日本", "😀", "\x7f", "\x85", "\u2028", "\ufeff",
    "\\u0041", "'''", "$'x'", "trailing ",
]  # fmt: skip


@given(TEXT)
@example("yes")
def test_yaml_reads_back_any_text(text: str) -> None:
    """As a scalar, and within a list on one line."""
    assert yaml.safe_load(f"key: {yaml_scalar(text)}") == {"key": text}
    assert yaml.safe_load(f"key: {yaml_list((text, text))}") == {"key": [text, text]}
    assert yaml.safe_load(f"- {yaml_line(text)}") == [text]


@pytest.mark.parametrize("text", NASTY)
def test_yaml_reads_back_what_is_dangerous(text: str) -> None:
    """Words that YAML reads as something else, and every indicator."""
    assert yaml.safe_load(f"key: {yaml_scalar(text)}\nlist: {yaml_list((text,))}") == {"key": text, "list": [text]}
    assert yaml.safe_load(f"- {yaml_line(text)}\n- {yaml_line('echo ' + text)}") == [text, "echo " + text]


def test_plain_words_stay_plain() -> None:
    """What a person would write without quotes has none."""
    plain = ["python@sha256:ab", "src/**/*.py", ".pipeline-kit/out/a/", "$REGISTRY", "a-b_c.d", "registry:5000/a:1"]
    assert [yaml_scalar(each) for each in plain] == plain
    line = '$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_TAG =~ /^v.*$/'
    assert yaml_line(line) == line


@pytest.mark.jenkins
def test_groovy_reads_back_what_is_dangerous(tmp_path: Path) -> None:
    """A real Groovy prints each string as it went in."""
    if shutil.which("groovy") is None or shutil.which("java") is None:
        pytest.skip("groovy is not installed")
    texts = [*NASTY, "".join(NASTY), "\x00", "\\\\u0041", "\\" * 5 + "'"]
    listed = ",\n".join(groovy_string(text) for text in texts)
    script = tmp_path / "print.groovy"
    script.write_text(f"print groovy.json.JsonOutput.toJson([\n{listed}])", encoding="utf-8")
    home = Path(shutil.which("java") or "").resolve().parent.parent
    done = subprocess.run(
        ["groovy", str(script)], env={"JAVA_HOME": str(home), "PATH": "/usr/bin:/bin"}, capture_output=True, check=True
    )
    assert json.loads(done.stdout) == texts


@given(TEXT)
def test_a_groovy_string_is_one_printable_line(text: str) -> None:
    """Only its own quotes are unescaped, and no line ends within."""
    quoted = groovy_string(text)
    assert re.fullmatch(r"'(?:[ !-&(-\[\]-~]|\\['\\nrt]|\\u[0-9a-f]{4})*'", quoted)


@given(st.text("ab*/.+-_", max_size=8), st.text("ab/.+-_", max_size=8))
def test_a_name_pattern_matches_as_the_plan_matches(pattern: str, name: str) -> None:
    """The regular expression and the plan's own matching agree."""
    assert (re.search(name_expression(pattern), name) is not None) == fnmatchcase(name, pattern)


@pytest.mark.parametrize("word", ["$(id)", "a`b`", "a\nb", "${CI_JOB_TOKEN}", "a\x00"])
def test_a_word_that_a_server_would_expand_is_refused(word: str) -> None:
    """Quotes do not stop a server's own expansion, so the kit does not render it."""
    with pytest.raises(UsageError, match="the image"):
        server_word(word, "the image")
