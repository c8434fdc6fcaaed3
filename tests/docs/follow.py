"""Follows a page of the documentation as a reader would: writes its files, makes its changes, types its commands.

`python -m tests.docs.follow PAGE...` follows pages here and prints what differs; the tests do the same.
"""

from __future__ import annotations

import difflib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline_kit.catalog import Catalog
from pipeline_kit.descriptor.load import load_descriptor
from pipeline_kit.errors import KitError
from tests.conftest import ROOT
from tests.docs.pages import Command, Step, changed, commands_of, steps_of

HOME = "/home/ada"
ELLIPSIS = "..."
COMMAND_SECONDS = 300
NORMAL = (
    (re.compile(r"sha256:[0-9a-f]+(?:…|\.\.\.)?"), "sha256:#"),
    (re.compile(r"\b\d+(?:\.\d+)? ?(?:s|ms|min)\b"), "# s"),
    (re.compile(r"\b\d+(?:\.\d+)? MB\b"), "# MB"),
    (re.compile(r"\b\d+ of them reused\b"), "# of them reused"),
    (re.compile(r"\bPython 3\.\d+\.\d+"), "Python 3.x"),
    (re.compile(r"\b[0-9a-f]{40}\b"), "#commit"),
    (re.compile(r"/tmp/[\w.-]+"), "/tmp/#"),
    (re.compile(r"(\.j2|\.gitlab-ci\.yml|Jenkinsfile):\d+"), r"\1:#"),
    (re.compile(r"(\d\.\d{6})\d+"), r"\1"),
    (re.compile(r"\s+"), " "),
)
REQUIRED = (
    ("version:", "version: 1\n"),
    ("kit:", "kit: 0.1.0\n"),
    ("project:", "project: {name: demo}\n"),
    ("jobs:", "jobs:\n  test: {}\n"),
)


@dataclass
class Reader:
    """Somebody who follows a page: a home folder, a place in it, and a shell's variables and last exit code."""

    home: Path
    variables: dict[str, str]
    place: Path
    finished: Path  # projects that were made and run once, copied by whoever needs one
    exit_code: int = 0
    said: str = ""
    differences: list[Difference] = field(default_factory=list)
    line: int = 0  # of the page, where the last command stands

    def type(self, line: str) -> list[str]:
        """Runs a command where the reader is, and returns what it prints."""
        state = self.home.parent / "state"
        script = f"(exit {self.exit_code})\n{line}\n__code=$?; {{ pwd; env -0; }} > '{state}'; exit $__code"
        done = subprocess.run(
            ["bash", "-c", script], cwd=self.place, env=self.variables, text=True, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=COMMAND_SECONDS,
        )  # fmt: skip
        self.exit_code = done.returncode
        where, exported = state.read_text().split("\n", 1)
        self.place = Path(where)
        self.variables = dict(each.split("=", 1) for each in exported.split("\0") if each)
        return [line.rstrip() for line in done.stdout.replace(str(self.home), HOME).splitlines()]

    def end(self) -> None:
        """Notes a failure that the page has not told of."""
        if self.exit_code:
            text = f"the command exits {self.exit_code}, which the page does not say:\n{self.said}"
            self.differences.append(Difference(self.line, text))
            self.exit_code = 0


def new_reader(folder: Path, finished: Path) -> Reader:
    """Somebody with an empty home folder in `folder`; projects that were run once are kept in `finished`.

    Locked environments are shared with the other tests: they are made once for each lock file.
    """
    home = folder / HOME.strip("/")
    home.mkdir(parents=True)
    identity = "[user]\n\tname = Ada\n\temail = ada@example.invalid\n[init]\n\tdefaultBranch = main\n"
    (home / ".gitconfig").write_text(identity)
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    hidden = ("CI_", "GIT", "PIPELINE_KIT_SECRET_", "PYTEST_", "COV_", "VIRTUAL_ENV", "COLUMNS")
    variables = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    path = f"{Path(sys.executable).parent}:{variables['PATH']}"
    variables |= {"HOME": str(home), "PATH": path, "XDG_CACHE_HOME": cache, "NO_COLOR": "1", "LC_ALL": "C.UTF-8"}
    variables |= {"GIT_AUTHOR_DATE": "2026-01-01T12:00:00Z", "GIT_COMMITTER_DATE": "2026-01-01T12:00:00Z"}
    return Reader(home, variables, home, finished)


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that does not hold on a page: its line there, in words, and what a command really printed."""

    line: int
    text: str
    command: Command | None = None
    printed: tuple[str, ...] = ()


def follow(page: Path, reader: Reader) -> list[Difference]:
    """What differs between the page and what happens; empty where it holds."""
    deeds: Mapping[str, Callable[[Reader, Step], None]] = {
        "project": make_project,
        "console": type_all,
        "file": write_file,
        "append": append_file,
        "edit": edit_file,
        "descriptor": check_descriptor,
        "lend": lend_dependencies,
        "fragment": check_descriptor,
    }
    for step in steps_of(page):
        if deed := deeds.get(step.what):
            try:
                deed(reader, step)
            except (KitError, ValueError, OSError, subprocess.SubprocessError) as error:
                reader.differences.append(Difference(step.first, str(error)))
                break
    reader.end()
    return reader.differences


def make_project(reader: Reader, step: Step) -> None:
    """A copy of a project as the tutorial makes it: committed, and run once. The reader is in it."""
    name = step.value
    if not (reader.finished / name).is_dir():
        reader.type(f"pipeline-kit init {name} --profile tabular --defaults && cd {name} && git init -q")
        reader.type("git add -A && git commit -q -m Begin && pipeline-kit run")
        if reader.exit_code:
            raise ValueError(f"the project {name} cannot be made")
        shutil.move(reader.place, reader.finished / name)
    reader.place = reader.home / name
    shutil.copytree(reader.finished / name, reader.place, symlinks=True)


def lend_dependencies(reader: Reader, step: Step) -> None:
    """Puts a clone of the kit beside the new environment, and lends this what the kit depends on: pip asks no network.

    The clone is the working tree's; the dependencies are those of the Python that runs this.
    """
    (packages,) = (reader.place / step.value).glob("lib/python*/site-packages")
    lent = reader.home.parent / "lent"
    lent.mkdir()
    own = ("pipeline_kit", "__editable__", "pip", "_", "distutils")
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if not entry.name.startswith(own) and entry.suffix != ".pth":
            (lent / entry.name).symlink_to(entry)
    (packages / "lent.pth").write_text(f"{lent}\n", encoding="utf-8")
    clone = reader.place / "pipeline-kit"
    for name in ("pipeline_kit", "stages", "templates"):
        shutil.copytree(ROOT / name, clone / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, clone / name)
    # pip stores the value of an option that turns something off as it stands: 0 means no isolation.
    reader.variables |= {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_CONFIG_FILE": os.devnull}


def type_all(reader: Reader, step: Step) -> None:
    """Types every command of a block and compares what it prints."""
    for command in commands_of(step):
        asks = command.line.strip() == "echo $?"
        if not asks:
            reader.end()
        reader.line = command.first
        printed = reader.type(command.line)
        reader.said = "\n".join(printed)
        if not matches(command.prints, printed):
            reader.differences.append(Difference(command.first, shown(command, printed), command, tuple(printed)))


def shown(command: Command, printed: Sequence[str]) -> str:
    """What the page says that a command prints, beside what it prints."""
    difference = difflib.unified_diff(command.prints, printed, "the page", "printed", lineterm="", n=100)
    return "\n".join([f"$ {command.line}", *difference])


def matches(said: Sequence[str], printed: Sequence[str]) -> bool:
    """Whether lines are those that were said; `...` stands for any lines, times and digests for any other."""
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == ELLIPSIS else within(normal(line)) + r"\n" for line in stripped(said)
    )
    return re.fullmatch(pattern, "".join(normal(line) + "\n" for line in stripped(printed))) is not None


def stripped(lines: Sequence[str]) -> list[str]:
    """The lines without the blank ones around them."""
    return "\n".join(lines).strip("\n").split("\n")


def within(line: str) -> str:
    """A said line as a pattern; ` ... ` in it stands for any text."""
    return ".*".join(re.escape(part) for part in line.split(" ... "))


def normal(line: str) -> str:
    """A line without what differs from run to run: times, digests, temporary names, the width of columns."""
    for pattern, instead in NORMAL:
        line = pattern.sub(instead, line)
    return line.strip()


def write_file(reader: Reader, step: Step) -> None:
    """Writes the block into the file that its mark names."""
    path = reader.place / step.value
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(step.text, encoding="utf-8")


def append_file(reader: Reader, step: Step) -> None:
    """Adds the block to the end of the file that its mark names."""
    path = reader.place / step.value
    path.write_text(path.read_text(encoding="utf-8") + step.text, encoding="utf-8")


def edit_file(reader: Reader, step: Step) -> None:
    """Makes the change that the block shows in the file that its mark names."""
    path = reader.place / step.value
    path.write_text(changed(path.read_text(encoding="utf-8"), step.text), encoding="utf-8")


def check_descriptor(reader: Reader, step: Step) -> None:
    """Loads the block as a descriptor; of a fragment, the keys that every descriptor needs are added."""
    with tempfile.TemporaryDirectory() as name:
        text = step.text
        if step.what == "fragment":
            text += "".join(added for key, added in REQUIRED if not re.search(rf"^{key}", step.text, re.MULTILINE))
        (Path(name) / "pipeline-kit.yml").write_text(text, encoding="utf-8")
        load_descriptor(Path(name), Catalog(reader.place))


def update(page: Path, differences: Sequence[Difference]) -> None:
    """Writes what the commands really printed into the page; read the difference before you commit it."""
    lines = page.read_text(encoding="utf-8").splitlines()
    for each in reversed(differences):
        if each.command:
            lines[each.command.first : each.command.last] = revised(each.command.prints, each.printed)
    page.write_text("\n".join(lines) + "\n", encoding="utf-8")


def revised(said: Sequence[str], printed: Sequence[str]) -> list[str]:
    """What was printed, with as many lines around a `...` as the page has."""
    blank = [""] if said and not said[-1] and (not printed or printed[-1]) else []
    places = [number for number, line in enumerate(said) if line.strip() == ELLIPSIS]
    if not places:
        return [*printed, *blank]
    after = len(said) - places[-1] - 1 - len(blank)
    return [*printed[: places[0]], ELLIPSIS, *printed[len(printed) - after :], *blank]


def main(arguments: Sequence[str]) -> int:
    """Follows each page in a home folder of its own; 1 where one does not hold."""
    code = 0
    with tempfile.TemporaryDirectory() as folder:
        (finished := Path(folder) / "finished").mkdir()
        for page in [Path(each) for each in arguments if each != "--update"]:
            differences = follow(page, new_reader(Path(folder) / page.stem, finished))
            for each in differences:
                print(f"{page}:{each.line}: {each.text}\n")
                code = 1
            if "--update" in arguments:
                update(page, differences)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
