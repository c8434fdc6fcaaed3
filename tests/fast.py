"""The fast tests, `pytest --fast`: pure folders, nothing outside of Python. This is the one place that chooses them.

Two guards hold them to it: an audit hook refuses every program but those in PROGRAMS and every connection that leaves
the machine, and for the processes that they start PATH has no program of an outside part.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path, PurePath

FOLDERS = (
    "adopt", "ask", "deploy", "descriptor", "gates", "images", "init", "lint", "models", "plan", "project", "render",
    "report", "scan", "servers", "stages", "stores", "yaml_reader",
)  # fmt: skip
"""Folders below tests/ whose tests are fast unless a marker says otherwise."""
OUTSIDE = ("torch", "registry", "engine", "cluster", "gitlab", "jenkins")
"""Markers of tests that need a part outside of Python."""
LONG = ("drill", "slow")
"""Markers of tests that take seconds."""
PROGRAMS = re.compile(r"python[\d.]*|git|sh|bash|docker-credential-\w+")
"""What a fast test may start itself; the last ones are scripts of the tests."""
OUTSIDE_PROGRAMS = (
    "buildah", "docker", "dockerd", "docker-registry", "gitlab-ci-local", "groovy", "java", "kubectl", "node",
    "npm", "npx", "skopeo", "umoci",
)  # fmt: skip
LOCAL = ("127.", "::1", "localhost")


def is_fast(path: PurePath, markers: Iterable[str]) -> bool:
    """Whether a test is fast: `path` is its file relative to tests/, `markers` are the names of its marks."""
    return path.parts[0] in FOLDERS and not set(markers) & {*OUTSIDE, *LONG}


def refuse(event: str, arguments: tuple[object, ...]) -> None:
    """An audit hook. Raises PermissionError where another program is started or another machine connected to."""
    match event, arguments:
        case "subprocess.Popen", (str() | bytes() | os.PathLike() as program, *_):
            pass
        case "subprocess.Popen", (None, [program, *_], *_):
            pass
        case "subprocess.Popen", (None, program, *_):
            pass
        case "os.system", _:
            program = "sh"
        case "socket.connect", (_, (host, *_)) if not str(host).startswith(LOCAL):
            raise PermissionError(f"a fast test connects to {host}")
        case _:
            return
    name = PurePath(os.fsdecode(program)).name  # type: ignore[arg-type]
    if not PROGRAMS.fullmatch(name):
        raise PermissionError(f"a fast test starts {name}")


def guard(folder: Path) -> None:
    """Installs both guards in this process; `folder` is filled with links to the programs that PATH keeps."""
    folder.mkdir()
    for place in os.environ.get("PATH", os.defpath).split(os.pathsep):
        if Path(place).is_dir():
            for program in Path(place).iterdir():
                link = folder / program.name
                if program.name not in OUTSIDE_PROGRAMS and not link.is_symlink():
                    link.symlink_to(program)
    os.environ["PATH"] = str(folder)
    sys.addaudithook(refuse)
