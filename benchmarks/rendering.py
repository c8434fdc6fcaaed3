"""The time to render both CI files of many projects, beside a template tool that copies them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from benchmarks.machine import ROOT
from benchmarks.measure import command, in_turns
from benchmarks.projects import DESCRIPTOR
from benchmarks.results import Row, faster, missing, seconds
from benchmarks.scale import Scale
from benchmarks.tools import Tools

SCRIPT = ROOT / "benchmarks" / "render_all.py"
COPY_SCRIPT = ROOT / "benchmarks" / "copy_all.py"
FILES = (".gitlab-ci.yml", "Jenkinsfile")
TARGET = 50


def measure(tools: Tools, scale: Scale, folder: Path) -> Iterator[Row]:
    """Renders all descriptors in one process; the time per project, beside one `copier copy`."""
    what = f"both files rendered for {scale.descriptors} descriptors, a project, to `copier copy`"
    projects = write_projects(folder / "rendering", scale.descriptors)
    render = command([tools.python, SCRIPT, projects], cwd=folder)
    copier = tools.peer("copier")
    if copier is None:
        render()
        yield missing(what, f"at least {TARGET} times faster", "copier")
        return
    render()
    template = write_template(folder / "template", projects / "project-0000")
    target = folder / "copied"

    def remove() -> None:
        shutil.rmtree(target, ignore_errors=True)

    words: list[str | Path] = [
        copier,
        "copy",
        "--quiet",
        "--defaults",
        "--data",
        "project=copied-0001",
        template,
        target,
    ]
    copy = command(words, cwd=folder, before=remove)
    pairs = in_turns(lambda: render() / scale.descriptors, copy, scale.long_pairs)
    yield faster(what, (seconds(pairs.ours_seconds), f"{seconds(pairs.peer_seconds)} (copier)", pairs.ratio), TARGET)
    copies = max(1, scale.descriptors // 50)
    copier_python = tools.peers / "python" / "bin" / "python"
    many = command([copier_python, COPY_SCRIPT, template, folder / "copies", str(copies)], cwd=folder, before=remove)
    pairs = in_turns(lambda: render() / scale.descriptors, lambda: many() / copies, scale.long_pairs)
    ours, peer = seconds(pairs.ours_seconds), f"{seconds(pairs.peer_seconds)} (copier, as a library)"
    what = f"for comparison: the same, to {copies} copies by copier in one process"
    yield Row(what, ours, peer, f"{1 / pairs.ratio:.1f} times faster", "-", None)


def write_projects(folder: Path, count: int) -> Path:
    """Writes projects with different descriptors."""
    for number in range(count):
        root = folder / f"project-{number:04}"
        root.mkdir(parents=True)
        text = DESCRIPTOR.replace("NAME", f"fraud-{number:04}").replace("rate: 0.01", f"rate: 0.01{number:04}")
        (root / "pipeline-kit.yml").write_text(text)
    return folder


def write_template(folder: Path, rendered: Path) -> Path:
    """The two rendered files as a copier template with the project's name as its variable."""
    folder.mkdir()
    (folder / "copier.yml").write_text("project: {type: str, default: fraud}\n")
    for name in FILES:
        text = (rendered / name).read_text().replace("fraud-0000", "{% endraw %}{{ project }}{% raw %}")
        (folder / f"{name}.jinja").write_text(f"{{% raw %}}{text}{{% endraw %}}")
    return folder
