"""The README's transcript: what `make demo` really prints at its end."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

BEGIN, END = "<!-- transcript: make demo -->", "<!-- end of transcript -->"
DEMO = "examples/tumour_logistic"
AFTERWARDS = ("verify oci:.pipeline-kit/out/package_image/image --unsigned", "predict")
"""What the Makefile types, and shows, when the pipeline has run."""

COMMITTER = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "demo"), ("EMAIL", "demo@example.invalid"), ("DATE", "2026-01-01T00:00:00Z"))
}


def transcript(root: Path, example: Path) -> str:
    """The end of what the demo prints: the table, the verdict, where the report is, and the image's prediction.

    Raises RuntimeError where a command does not pass.
    """
    text = [
        typed(root, example, "run"),
        *(f"$ pipeline-kit {afterward}\n{typed(root, example, afterward)}" for afterward in AFTERWARDS),
    ]
    return "\n\n".join(text).replace(str(example), DEMO)


def typed(root: Path, example: Path, words: str) -> str:
    """What a command prints for the example. Raises RuntimeError where it does not pass."""
    command = [sys.executable, "-m", "pipeline_kit", "-C", str(example), *words.split()]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"`{words}` exits {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout.strip("\n")


def copy_of(example: Path, folder: Path) -> Path:
    """The example's files as a fresh clone has them, in one commit of a fixed time."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "."],
        cwd=example, capture_output=True, text=True, check=True,
    )  # fmt: skip
    copy = folder / example.name
    for name in filter(None, listed.stdout.split("\0")):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(example / name, copy / name)
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "The example"]):
        subprocess.run(["git", *words], cwd=copy, env={**os.environ, **COMMITTER}, check=True)
    return copy


def with_transcript(readme: str, text: str) -> str:
    """The README with the transcript between its marks. Raises ValueError where it has not both of them once."""
    if readme.count(BEGIN) != 1 or readme.count(END) != 1:
        raise ValueError(f"README.md needs one {BEGIN} and one {END}")
    before, _, rest = readme.partition(BEGIN)
    return f"{before}{BEGIN}\n```\n$ make demo\n{text}\n```\n{END}{rest.partition(END)[2]}"


def committed(readme: str) -> str:
    """The transcript that the README has."""
    match = re.search(rf"{BEGIN}\n```\n\$ make demo\n(.*?)\n```\n{END}", readme, re.DOTALL)
    return match.group(1) if match else ""
