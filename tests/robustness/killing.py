"""Ending the kit at a random moment, and looking at what that leaves: processes, and files."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from pipeline_kit.adapters.files import remove
from pipeline_kit.contract.digest import digest_file, digest_tree
from tests.projects import start_kit

MARK = "ROBUSTNESS_MARK"
PART = ".pipeline-kit-part-"


def start(folder: Path, *arguments: str, mark: str, **variables: str) -> subprocess.Popen[str]:
    """The command line, started with a mark by which all that descends from it is found."""
    return start_kit(folder, *arguments, **{MARK: mark}, **variables)


def marked(mark: str) -> list[int]:
    """The processes that carry the mark, wherever they were moved to; what has ended does not count."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if wanted in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def tree(root: int) -> list[int]:
    """A process and all that descend from it, parents first."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found = [root]
    for pid in found:
        found.extend(parents.get(pid, ()))
    return found


def frozen(root: int) -> list[int]:
    """A process and all that descend from it, each stopped: what is killed one by one starts nothing in between.

    Without this a process could be started after the tree was listed, by one that is killed next: nobody is left then
    who could end it, since its supervisor is killed as well.
    """
    stopped: list[int] = []
    while running := [pid for pid in tree(root) if pid not in stopped]:
        for pid in running:
            send(signal.SIGSTOP, pid)
        stopped.extend(running)
        while any(is_running(pid) for pid in stopped):
            time.sleep(0.001)
    return stopped


def is_running(pid: int) -> bool:
    """Whether a process is neither stopped nor gone."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "TtZX"


def command_of(pid: int) -> str:
    """The command line of a process, as far as it is still there."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return "gone"


def kill(pids: list[int]) -> None:
    """Kills processes; one that is gone already is no matter."""
    for pid in pids:
        send(signal.SIGKILL, pid)


def send(number: signal.Signals, pid: int) -> None:
    """Sends a signal; a process that is gone already is no matter."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def gone(mark: str, seconds: float) -> list[int]:
    """The marked processes that are left after so many seconds; none as soon as there are none."""
    deadline = time.monotonic() + seconds
    while (left := marked(mark)) and time.monotonic() < deadline:
        time.sleep(0.01)
    return left


def torn(folder: Path) -> list[str]:
    """What is not whole among all that the kit writes: documents, cached files by their digest, results by theirs."""
    kit = folder / ".pipeline-kit"
    found = [f"{path}: {what}" for path in documents(kit) if (what := damage(path))]
    for path in (kit / "cache" / "objects").glob("*/*"):
        if not path.name.startswith(PART) and digest_file(path) != f"sha256:{path.parent.name}{path.name}":
            found.append(f"{path}: is not what its name says")
    for path in kit.glob("out/*/result.json"):
        for output in json.loads(path.read_text())["outputs"].values():
            target = path.parent / output["path"]
            if not target.exists() or digest_tree(target) != output["digest"]:
                found.append(f"{target}: is not what its result says")
    return found


def documents(kit: Path) -> Iterator[Path]:
    """The documents that the kit writes; of a job that has not passed, what its own code writes may be half."""
    for path in [*kit.rglob("*.json"), *kit.rglob("*.xml")]:
        place = path.relative_to(kit).parts
        unfinished = place[0] == "out" and not passed(kit / "out" / place[1] / "result.json")
        own = path.name in ("junit.xml", "result.json")
        if place[0] not in ("work", "tmp", "stages") and (own or not unfinished):
            yield path


def passed(result: Path) -> bool:
    """Whether a job has left a result, and passed."""
    try:
        return bool(json.loads(result.read_text())["outcome"] == "passed")
    except (OSError, ValueError):
        return False


def damage(path: Path) -> str | None:
    """What is wrong with a document."""
    try:
        if path.suffix == ".json":
            json.loads(path.read_text())
        else:
            ElementTree.parse(path)
    except FileNotFoundError:
        return None
    except (ValueError, ElementTree.ParseError) as error:
        return str(error)
    return None


def leftovers(folder: Path) -> list[str]:
    """Workspaces, temporary folders and unfinished files that are still there."""
    kit = folder / ".pipeline-kit"
    found = [*kit.glob("work/*"), *kit.glob("tmp/*"), *kit.rglob(PART + "*")]
    return [path.relative_to(kit).as_posix() for path in found]


def digests(folder: Path) -> dict[str, dict[str, str]]:
    """The digests of every job's outputs."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted((folder / ".pipeline-kit" / "out").glob("*/result.json")):
        record: dict[str, Any] = json.loads(path.read_text())
        assert record["outcome"] == "passed", record
        found[path.parent.name] = {name: output["digest"] for name, output in record["outputs"].items()}
    return found


def forget(folder: Path) -> None:
    """Makes the project one that has never run."""
    for path in (folder / ".pipeline-kit").iterdir():
        if path.name != "stages":
            remove(path)
