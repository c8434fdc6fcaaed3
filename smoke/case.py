"""A conformance case as files to push, with the kit that the server's agents have."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from pipeline_kit.descriptor.model import EventKind
from pipeline_kit.project.open import open_project
from pipeline_kit.servers.project import render_project
from tests.conformance.case import CASES, Case

STAGES = Path(__file__).parent.parent / "tests" / "conformance" / "stage"
TRACE = (
    'os.environ.setdefault("CONFORMANCE_TRACE", os.path.join(os.environ.get("TMPDIR", "/tmp"), "pipeline-kit-smoke"))'
)


def chosen() -> tuple[list[Case], dict[str, str]]:
    """The cases that a push to `main` of any server can show, and why the others are left out."""
    kept: list[Case] = []
    left_out: dict[str, str] = {}
    for case in CASES.values():
        reason = reason_to_leave_out(case)
        if reason:
            left_out[case.name] = reason
        else:
            kept.append(case)
    return kept, left_out


def reason_to_leave_out(case: Case) -> str | None:
    """Why a case cannot be shown by a push, or none."""
    text = case.descriptor.read_text(encoding="utf-8")
    if case.event.kind is not EventKind.PUSH or case.event.branch != "main":
        return f"its event is {case.event.kind.value}, not a push to main"
    if case.start:
        return "a person starts a job"
    if "secrets:" in text:
        return "it needs secrets"
    if "runners:" in text or "organisation:" in text or "store:" in text:
        return "it needs runners, a store or an organisation's file of its own"
    return (
        "its files are made by the tests" if {path.name for path in case.descriptor.parent.iterdir()} - KNOWN else None
    )


KNOWN = {"pipeline-kit.yml", "expected.yml"}


def files_of(case: Case, kit: str) -> Mapping[str, str]:
    """All files of the case by path, the CI files rendered; `kit` is the descriptor's value for how CI gets the kit."""
    descriptor = case.descriptor.read_text(encoding="utf-8")
    files = {
        "pipeline-kit.yml": re.sub(r"^kit:.*$", lambda _: f"kit: {kit}", descriptor, flags=re.MULTILINE),
        "requirements.lock": "",
        ".gitignore": ".pipeline-kit/*\n!.pipeline-kit/stages/\n",
    }
    run = (STAGES / "run.py").read_text(encoding="utf-8").replace("\nTRACE =", f"\n{TRACE}\nTRACE =", 1)
    for stage in sorted(path.parent for path in STAGES.glob("*/stage.yml")):
        folder = f".pipeline-kit/stages/{stage.name}"
        files[f"{folder}/stage.yml"] = (stage / "stage.yml").read_text(encoding="utf-8")
        files[f"{folder}/run.py"] = run
    with tempfile.TemporaryDirectory(prefix="pipeline-kit-smoke-") as name:
        for path, text in files.items():
            (Path(name) / path).parent.mkdir(parents=True, exist_ok=True)
            (Path(name) / path).write_text(text, encoding="utf-8")
        project = open_project(Path(name))
        return {**files, **render_project(project.plan, project.descriptor).files}
