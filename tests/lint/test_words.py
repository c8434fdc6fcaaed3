"""The small languages inside the files: durations, conditions, Groovy's tokens, YAML's scalars."""

from __future__ import annotations

import math

import pytest

from pipeline_kit.servers.gitlab.expression import ConditionError
from pipeline_kit.servers.gitlab.lint.condition import Named, Truth, Unknown, Value, judge
from pipeline_kit.servers.gitlab.lint.duration import seconds
from pipeline_kit.servers.gitlab.lint.yaml_nodes import Kind, Scalar
from pipeline_kit.servers.jenkins.groovy.tokens import Form, GroovyError, tokenize
from pipeline_kit.servers.lint import server_of
from tests.lint.cases import JENKINS, findings


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1h 30m", 5400), ("90 minutes", 5400), ("2h20min", 8400), ("3 mins 4 sec", 184), ("1 day", 86400),
        ("3600", 3600), ("1.5 hours", 5400), ("3 weeks and 2 days", 1987200), ("6 mos 1 day",
        15638400), ("2 yrs", 63072000),
    ],
)  # fmt: skip
def test_a_duration_is_read_as_gitlab_reads_it(text: str, expected: float) -> None:
    """Numbers, units and joining words in any order."""
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "soon", "hour", "1 fortnight", "-5 minutes", "5 minutes!", "ten-ish", "1e3 s"])
def test_what_gitlab_cannot_read_is_no_duration(text: str) -> None:
    """Unknown words and signs are refused, not skipped."""
    assert seconds(text) is None


def test_words_and_clocks_are_durations_of_unknown_length() -> None:
    """GitLab reads them; the linter does not need to know how long they are."""
    assert math.isnan(seconds("one day") or 0)
    assert math.isnan(seconds("01:30:00") or 0)


KNOWN: dict[str, Value] = {
    "SET": "a", "EMPTY": "", "NONE": None, "SOME": Unknown(filled=True), "BRANCH": Named("other", "any-branch"),
    "MAIN": Named("default"), "DEFAULT": Named("default"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$SET", Truth.YES), ("$EMPTY", Truth.NO), ("$NONE", Truth.NO), ("$SOME", Truth.YES), ("$OTHER", Truth.UNKNOWN),
        ('$SET == "a"', Truth.YES), ("$SET == 'b'", Truth.NO), ("$NONE == null", Truth.YES),
        ("$SOME == null", Truth.NO),
        ("$SOME != $NONE", Truth.YES), ("$OTHER == null", Truth.UNKNOWN), ("$SET =~ /^A$/i", Truth.YES),
        ("$SET !~ /b/", Truth.YES), ("$SOME =~ /a/", Truth.UNKNOWN), ("$NONE =~ /a/", Truth.NO),
        ("$SET && $OTHER", Truth.UNKNOWN), ("$EMPTY && $OTHER", Truth.NO), ("$SET || $OTHER", Truth.YES),
        ("$EMPTY || $SET && $EMPTY", Truth.NO), ("($EMPTY || $SET) && $SET", Truth.YES),
        ("$BRANCH == $MAIN", Truth.NO), ("$MAIN == $DEFAULT", Truth.YES), ('$MAIN == "main"', Truth.UNKNOWN),
        ('$BRANCH == "main"', Truth.NO), ("$BRANCH =~ /^any/", Truth.YES), ("$MAIN =~ /^any/", Truth.UNKNOWN),
        ("$SET =~ /[/", Truth.UNKNOWN), ("$[[ inputs.a ]]", Truth.UNKNOWN), ("!$SET", Truth.UNKNOWN),
    ],
)  # fmt: skip
def test_a_condition_is_judged_by_what_is_known(text: str, expected: Truth) -> None:
    """Yes and no only where it is certain."""
    assert judge(text, KNOWN) is expected


@pytest.mark.parametrize(
    "text", ["", "$A = 'b'", "$A == b", "$A and $B", "($A", "$A)", "$A ==", "&& $A", "$A $B", "(" * 99 + "$A"]
)
def test_a_condition_that_gitlab_refuses(text: str) -> None:
    """The reason is said."""
    with pytest.raises(ConditionError, match=r"\w"):
        judge(text, {})


def test_groovy_tells_patterns_from_divisions() -> None:
    """By the token before the slash, as Groovy's own lexer does."""
    forms = [token.form for token in tokenize("a = b / c / d") if token.form is Form.GSTRING]
    assert forms == []
    (pattern,) = (token for token in tokenize(r"a =~ /x\/{2}/ && b") if token.form is Form.GSTRING)
    assert pattern.text == r"x\/{2}"


def test_groovy_strings_hold_what_they_hold() -> None:
    """Quotes, braces and comments inside a string begin nothing."""
    text = """a('''x ' " // { ''', "b ${c("}") + 'd'} /* e", 'f\\'g')"""
    assert [token.text for token in tokenize(text) if token.form in (Form.STRING, Form.GSTRING)] == [
        "x ' \" // { ", "b ${c(\"}\") + 'd'} /* e", "f\\'g",
    ]  # fmt: skip


def test_a_string_says_where_it_begins() -> None:
    """An open string is reported at its own quote, not at the end of the file."""
    with pytest.raises(GroovyError) as caught:
        tokenize("a\n  b 'c\n")
    assert (caught.value.line, caught.value.column) == (2, 5)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("yes", Kind.BOOLEAN), ("Off", Kind.BOOLEAN), ("y", Kind.TEXT), ("", Kind.NULL), ("~",
        Kind.NULL), ("1", Kind.INTEGER),
        ("0755", Kind.INTEGER), ("1_000", Kind.INTEGER), ("3.10", Kind.FLOAT), ("1.2.3", Kind.TEXT),
        ("2026-11-22", Kind.DATE), ("a", Kind.TEXT), ("08", Kind.TEXT),
    ],
)  # fmt: skip
def test_a_plain_scalar_is_what_yaml_1_1_makes_of_it(text: str, kind: Kind) -> None:
    """Quoted, it is text."""
    assert Scalar(1, 1, text).kind is kind
    assert Scalar(1, 1, text, plain=False).kind is Kind.TEXT


def test_a_later_merge_key_wins_as_in_ruby() -> None:
    """GitLab's YAML merges in the order of the lines: the second `<<` replaces the job's own `when`."""
    template = ".a: &a {when: manual}\n.b: &b {when: sometimes}\n"
    assert findings(f"{template}test: {{script: make, <<: *a}}\n") == []
    assert findings(f"{template}test: {{script: make, when: manual, <<: *b}}\n") == ["GL041"]
    assert findings(f"{template}test: {{script: make, <<: *b, when: manual}}\n") == []


@pytest.mark.parametrize(
    ("name", "text", "server"),
    [
        (".gitlab-ci.yml", "", "gitlab"), ("ci/jobs.yaml", "", "gitlab"), ("Jenkinsfile", "", "jenkins"),
        ("Jenkinsfile.release", "", "jenkins"), ("a.groovy", "", "jenkins"),
        ("ci", "pipeline {\n}", "jenkins"), ("ci", "test:\n", "gitlab"),
    ],
)  # fmt: skip
def test_a_file_belongs_to_a_server(name: str, text: str, server: str) -> None:
    """Its name says whose it is, or what it holds."""
    assert server_of(name, text).words.name == server


def test_a_plugins_own_words_are_no_fault() -> None:
    """Options, triggers, parameters and agents that no list has are left alone, unless they nearly are a known one."""
    text = "pipeline {{ agent any; options {{ {}() }}; stages {{ stage('a') {{ steps {{ sh 'a' }} }} }} }}"
    assert findings(text.format("optionOfSomePlugin"), JENKINS) == []
    assert findings(text.format("timestamp"), JENKINS) == ["JK018"]
