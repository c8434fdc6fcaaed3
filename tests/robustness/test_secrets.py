"""Secrets never appear in what the kit writes or streams, whatever the project's code does with them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.projects import kit
from tests.robustness import leaking


def shown_in_files(kit_folder: Path) -> list[str]:
    """The files of the kit's folder that show a secret, by their content or their name."""
    found = []
    for path in sorted(kit_folder.rglob("*")):
        place = path.relative_to(kit_folder)
        if place.parts[0] == "stages":
            continue
        content = path.read_bytes() if path.is_file() else b""
        found += [f"{place}: {form!r}" for form in leaking.found_in(place.as_posix().encode() + b"\n" + content)]
    return found


def test_no_secret_is_written_or_streamed(tmp_path: Path, count: Callable[[str, int], None]) -> None:
    """Printed in pieces, encoded, raised, cut off, as names of metrics, cases and files: by run, job, why, reports."""
    variables = leaking.make_leaking_project(tmp_path)
    folder = tmp_path / "project"
    done = kit(folder, "run", **variables)
    again = kit(folder, "run", "--json", **variables)
    shown = [done.stdout, done.stderr, again.stdout, again.stderr]
    records = json.loads(again.stdout)
    for name in records:
        alone = kit(folder, "job", name, **variables)
        shown += [alone.stdout, alone.stderr, kit(folder, "why", name, "--json").stdout]
    assert leaking.found_in("\n".join(shown).encode()) == []
    assert shown_in_files(folder / ".pipeline-kit") == []
    assert "[secret]" in done.stderr
    assert records["stage_passed"]["cached"], "what it printed must have come from the cache"
    outcomes = {name: record["outcome"] for name, record in records.items()}
    assert {name for name, outcome in outcomes.items() if outcome == "passed"} == {
        "prints", "metrics", "curves", "stage_passed", "typed",
    }  # fmt: skip
    assert outcomes["stage_undecided"] == "undecided"
    count("ways to give a secret away", len(records))


def test_what_a_job_writes_a_secret_into_is_not_kept(tmp_path: Path) -> None:
    """The job fails, the file is named and gone; what is not to blame stays."""
    variables = leaking.make_leaking_project(tmp_path)
    folder = tmp_path / "project"
    done = kit(folder, "run", "--json", *leaking.FILES, **variables)
    records = json.loads(done.stdout)
    for name in leaking.MAKES_NOTHING:
        assert "the job wrote a secret into its results" in records[name]["reason"]
        assert records[name]["category"] == "project"
    assert "folder/settings.json" in records["written"]["reason"]
    assert "folder/[secret]" in records["named"]["reason"]
    assert (folder / ".pipeline-kit/out/beside/folder/good.txt").exists()
    assert not (folder / ".pipeline-kit/out/beside/debug.txt").exists()


def test_a_file_that_is_too_large_to_mask_is_refused(tmp_path: Path) -> None:
    """What the kit cannot keep secret it does not take."""
    variables = leaking.make_leaking_project(tmp_path)
    (tmp_path / "elsewhere" / "key").write_text("k" * 70_000)
    done = kit(tmp_path / "project", "job", "prints", **variables)
    assert done.returncode == 2
    assert "secret key is longer than 64 KiB" in done.stdout
