"""`pipeline-kit lint` as a person and as a CI job call it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline_kit.cli.main import main

GOOD_YAML, GOOD_GROOVY = (
    "test: {script: make}\n",
    "pipeline { agent any; stages { stage('a') { steps { sh 'a' } } } }\n",
)


def write(folder: Path, **files: str) -> Path:
    names = {"gitlab": ".gitlab-ci.yml", "jenkins": "Jenkinsfile", "other": "other.yml"}
    for name, text in files.items():
        (folder / names[name]).write_text(text, encoding="utf-8")
    return folder


def test_both_files_are_linted_where_none_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Those of the two that exist in the directory."""
    write(tmp_path, gitlab=GOOD_YAML)
    assert main(["-C", str(tmp_path), "lint"]) == 0
    assert capsys.readouterr().out == ".gitlab-ci.yml: nothing found\n"
    write(tmp_path, jenkins=GOOD_GROOVY)
    assert main(["lint", "-C", str(tmp_path)]) == 0
    assert capsys.readouterr().out == ".gitlab-ci.yml, Jenkinsfile: nothing found\n"


def test_an_error_fails_and_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """File, line, column, level, message, rule, and the next step."""
    write(tmp_path, gitlab="test:\n  script: make\n  needs: [test]\n", jenkins=GOOD_GROOVY)
    assert main(["-C", str(tmp_path), "lint"]) == 1
    assert capsys.readouterr().out == (
        ".gitlab-ci.yml:3:11: error: `test` needs `test` [GL022]\n"
        "    remove one of the needs: no job of the circle can ever start\n"
        ".gitlab-ci.yml, Jenkinsfile: 1 error\n"
    )


def test_warnings_and_notes_alone_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They are told, and the exit code stays 0."""
    write(tmp_path, gitlab="include: a.yml\nvariables: {A: no, B: yes}\ntest: {script: make}\n")
    assert main(["-C", str(tmp_path), "lint", ".gitlab-ci.yml"]) == 0
    assert capsys.readouterr().out.endswith(".gitlab-ci.yml: 2 warnings, 1 note\n")


def test_json_is_for_machines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One object with every finding."""
    write(tmp_path, jenkins="pipeline { agent any")
    assert main(["-C", str(tmp_path), "lint", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["files"] == ["Jenkinsfile"]
    assert told["findings"] == [
        {
            "file": "Jenkinsfile", "line": 1, "column": 10, "level": "error", "rule": "JK001",
            "message": "this `{` is never closed", "hint": "add the missing `}`",
        }
    ]  # fmt: skip


def test_a_file_that_others_include_may_name_what_they_define(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only what is certainly wrong is reported in it."""
    write(tmp_path, other="build: {stage: anywhere, needs: [elsewhere], extends: .there}\n")
    assert main(["lint", str(tmp_path / "other.yml")]) == 0
    assert "GL001" in capsys.readouterr().out


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"a: \xe4\n", b"a\x00b", b" " * (5 << 20)])
def test_what_is_no_text_cannot_be_read(content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, with the reason."""
    (tmp_path / "Jenkinsfile").write_bytes(content)
    assert main(["-C", str(tmp_path), "lint"]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_a_file_that_is_not_there_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither can a directory, nor a directory without CI files."""
    for arguments in (["nowhere.yml"], [str(tmp_path)], []):
        assert main(["-C", str(tmp_path), "lint", *arguments]) == 2
    assert capsys.readouterr().err.count("pipeline-kit: ") == 3
