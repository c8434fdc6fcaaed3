"""What the linter calls broken Groovy, compared with Groovy's own parser (2.4, the line that Jenkins uses)."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest

from pipeline_kit.servers.lint import check_file
from tests.conftest import missing
from tests.executors.jenkins_harness import groovy_environment
from tests.lint.cases import JENKINS, VALID
from tests.lint.test_fuzz import mutated

pytestmark = [
    pytest.mark.jenkins,
    pytest.mark.skipif(bool(missing("groovy", "java")), reason=missing("groovy", "java")),
]
SCRIPT = Path(__file__).parent / "parse.groovy"
FILES = 400
NEEDS_A_SERVER = ("library", "functions", "scripted")  # their imports are the server's


def groovy_says(folder: Path) -> dict[str, str]:
    """Each file's name with `good` or `bad`."""
    done = subprocess.run(
        ["groovy", str(SCRIPT), str(folder)],
        env=groovy_environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    return dict(line.split() for line in done.stdout.splitlines())


def test_what_groovy_reads_is_never_called_broken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Valid Jenkinsfiles as they are, and with a few characters changed."""
    chance = random.Random(2411)
    sources = [path for path in VALID if path.suffix == ".jenkinsfile" and not path.name.startswith(NEEDS_A_SERVER)]
    sources = [path for path in sources if "library" not in path.name]
    contents = {path.stem: path.read_bytes() for path in sources}
    originals = list(contents.values())
    valid = set(contents)
    for number in range(FILES):
        changed = mutated(chance.choice(originals), chance, places=1).decode(errors="replace").replace("\0", "")
        contents[f"changed_{number}"] = changed.encode()
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    said = groovy_says(tmp_path)
    called = {name: any(each.rule == "JK001" for each in check_file(JENKINS, contents[name])) for name in contents}
    good = {name for name, word in said.items() if word == "good"}
    assert valid <= good
    assert [name for name in good if called[name]] == []
    bad = set(said) - good
    found = sum(called[name] for name in bad)
    assert found > len(bad) // 2
    with capsys.disabled():
        print(
            f"\nlint: Groovy reads {len(good)} files, none called broken; of {len(bad)} it refuses, {found} are found"
        )
