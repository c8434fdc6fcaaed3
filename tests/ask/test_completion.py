"""`completion`: a script for each shell that knows every command, and works in the one that is here."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pipeline_kit.cli.parser import build_parser
from tests.projects import kit

SHELLS = ("bash", "zsh", "fish")


def command_names() -> list[str]:
    (commands,) = (action for action in build_parser()._actions if action.dest == "command")
    return list(commands.choices or ())


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_knows_every_command_and_says_how_to_load_it(shell: str, tmp_path: Path) -> None:
    """Its first line is a comment for who reads it."""
    done = kit(tmp_path, "completion", shell)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"# load it: pipeline-kit completion {shell} > FILE")
    assert [name for name in command_names() if name not in done.stdout] == []
    assert "no-cache" in done.stdout


def test_bash_completes_a_command_and_an_option(tmp_path: Path) -> None:
    """As somebody who presses the tab key twice."""
    (tmp_path / "kit.bash").write_text(kit(tmp_path, "completion", "bash").stdout, encoding="utf-8")
    script = """
    source kit.bash
    words=$(complete -p pipeline-kit); name=${words##*-F }; name=${name%% *}
    press() {
      COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
      "$name" pipeline-kit "${@: -1}" ""
      echo "${COMPREPLY[@]}"
    }
    press pipeline-kit rend
    press pipeline-kit run --no
    """
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["render", "--no-cache"], done.stderr


def test_another_shell_is_refused(tmp_path: Path) -> None:
    """With those that there are."""
    done = kit(tmp_path, "completion", "csh")
    assert done.returncode == 2
    assert all(shell in done.stderr for shell in SHELLS)
