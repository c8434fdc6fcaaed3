"""The main job, as a team lives it: a first release, a second judged against it, and a worse one that is stopped."""

from __future__ import annotations

import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

from tests.executors.test_examples import checkout
from tests.projects import kit


def verdict(project: Path) -> dict[str, Any]:
    return dict(json.loads((project / ".pipeline-kit/out/gate/verdict.json").read_text()))


def image_of(project: Path) -> str:
    return str(json.loads((project / ".pipeline-kit/out/package_image/result.json").read_text())["facts"]["image"])


def test_a_release_becomes_the_baseline_of_the_next(tmp_path: Path) -> None:
    """The first passes by its absolute rules, the second against the first, and a worse model does not pass."""
    project = checkout("tumour_logistic", tmp_path)
    first = kit(project, "run")
    assert first.returncode == 0, first.stdout + first.stderr
    assert "2 relative rules waived: no baseline yet" in verdict(project)["sentence"]

    package = project / ".pipeline-kit/out/package/package.tar"
    with tarfile.open(package) as archive:
        member = archive.extractfile("manifest.json")
        assert member is not None
        manifest = json.load(member)
    record = json.loads((project / ".pipeline-kit/out/train/result.json").read_text())
    assert manifest["model_digest"] == record["outputs"]["model"]["digest"]

    (project / "baseline").mkdir()
    shutil.copy(package, project / "baseline" / "production.tar")
    second = kit(project, "run")
    assert second.returncode == 0, second.stdout + second.stderr
    assert "waived" not in verdict(project)["sentence"]
    assert "baseline" in verdict(project)["sentence"]

    descriptor = project / "pipeline-kit.yml"
    weaker = descriptor.read_text().replace("strengths: [0.01, 0.1, 1.0, 10.0]", "strengths: [0.00001]")
    assert weaker != descriptor.read_text()
    descriptor.write_text(weaker)
    third = kit(project, "run", "--json")
    records = json.loads(third.stdout)
    assert third.returncode == 1
    assert records["gate"]["outcome"] == "failed"
    assert {records[each]["outcome"] for each in ("package", "package_image", "test_image", "scan")} == {"skipped"}
    assert records["check"]["cached"]
    assert not records["train"]["cached"]


def test_the_demo_again_comes_from_the_cache_and_says_so(tmp_path: Path) -> None:
    """All but what is never cached: gate, package, and the jobs of the image, which is the same again."""
    project = checkout("tumour_logistic", tmp_path)
    assert kit(project, "run").returncode == 0
    first = image_of(project)
    again = kit(project, "run")
    assert again.returncode == 0
    assert "11 jobs passed, 6 from the cache." in again.stdout
    assert image_of(project) == first
    assert "from cache" in again.stdout
    report = (project / ".pipeline-kit/report/report.html").read_text()
    assert "PASS" in report
