"""The fast tests need nothing but Python: no marker of an outside part, no program, no network."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path, PurePath

import pytest

from tests.conftest import ROOT
from tests.fast import FOLDERS, LONG, OUTSIDE, OUTSIDE_PROGRAMS, is_fast, refuse


def test_every_folder_of_the_list_exists() -> None:
    """A folder that was moved would silently no longer be tested."""
    assert [name for name in FOLDERS if not (ROOT / "tests" / name).is_dir()] == []


def test_every_marker_is_declared_and_either_outside_or_long() -> None:
    """A marker that is added has to be placed."""
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").partition("\nmarkers = [\n")[2].partition("]")[0]
    assert {line.strip(' "').partition(":")[0] for line in lines.splitlines() if line} == {*OUTSIDE, *LONG}


@pytest.mark.parametrize("marker", [*OUTSIDE, *LONG])
def test_a_marker_takes_a_test_out(marker: str) -> None:
    """Of a folder that is fast otherwise."""
    assert is_fast(PurePath("plan/test_plan.py"), ["parametrize"])
    assert not is_fast(PurePath("plan/test_plan.py"), ["parametrize", marker])
    assert not is_fast(PurePath("executors/test_report.py"), [])
    assert not is_fast(PurePath("test_main_job.py"), [])


COLLECT = """
import pytest

class Chosen:
    def pytest_collection_finish(self, session):
        markers = {marker.name for item in session.items for marker in item.iter_markers()}
        print(len(session.items), *markers)

pytest.main(["--fast", "--collect-only", "-qq", "--no-summary", "-p", "no:xdist"], plugins=[Chosen()])
"""


def test_what_is_chosen_has_no_marker_of_an_outside_part() -> None:
    """And it is most of the pure folders: more than two thousand tests."""
    done = subprocess.run([sys.executable, "-c", COLLECT], cwd=ROOT, capture_output=True, text=True, check=True)
    (line,) = (line for line in done.stdout.splitlines() if line.partition(" ")[0].isdigit())
    number, *markers = line.split()
    assert int(number) > 2000
    assert not set(markers) & {*OUTSIDE, *LONG}


@pytest.mark.parametrize("program", OUTSIDE_PROGRAMS)
def test_a_program_of_an_outside_part_is_refused(program: str) -> None:
    """However it is started."""
    for arguments in ((program, [program]), (None, [program, "-x"]), (f"/usr/bin/{program}", []), (None, program)):
        with pytest.raises(PermissionError, match=program):
            refuse("subprocess.Popen", arguments)


def test_only_this_machine_is_connected_to() -> None:
    """Servers of the tests listen on the loopback interface; a socket file has no host."""
    with pytest.raises(PermissionError, match="connects to 192"):
        refuse("socket.connect", (None, ("192.0.2.1", 443)))
    for address in (("127.0.0.1", 80), ("localhost", 80), ("::1", 80, 0, 0), "/run/a.sock"):
        refuse("socket.connect", (None, address))
    for program in (sys.executable, "git", "/bin/sh"):
        refuse("subprocess.Popen", (program, [program]))
    refuse("open", ("docker",))


GUARDED = """
import shutil, subprocess, sys
from pathlib import Path
from tests.fast import guard
guard(Path(sys.argv[1]))
print(shutil.which("docker"), shutil.which("java"), bool(shutil.which("git")))
subprocess.run(["git", "--version"], check=True, stdout=subprocess.DEVNULL)
try:
    subprocess.run(["docker", "ps"])
except PermissionError as error:
    print(error)
words = ["sh", "-c", "command -v node groovy docker || echo nothing"]
print(subprocess.run(words, capture_output=True, text=True).stdout)
"""


def test_a_guarded_process_finds_none_of_them(tmp_path: Path) -> None:
    """Neither itself nor in a shell that it starts."""
    command = [sys.executable, "-c", GUARDED, str(tmp_path / "bin")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split("\n") == ["None None True", "a fast test starts docker", "nothing", "", ""]
