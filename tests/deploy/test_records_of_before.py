"""Records that were written before strategies had names, of the kit as it was then: read, continued and rolled back."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from pipeline_kit.deploy.record import Content, DamagedRecordError, ReleaseRecord, State, as_document, read_record
from pipeline_kit.deploy.targets.kubernetes.record_storage import SecretStorage
from pipeline_kit.testing.cluster import FakeCluster
from tests.deploy.deploying import a_cluster, content, deploy, holds, states

GOLDEN = Path(__file__).with_name("golden") / "record.json"
STEPS = ("prepared", "apply", "ready", "verify", "prune")


def document() -> dict[str, Any]:
    """The record: revision 1 replaced, 2 failed, 3 live, 4 begun."""
    found: dict[str, Any] = json.loads(GOLDEN.read_text(encoding="utf-8"))
    return found


def live_and_begun(record: ReleaseRecord) -> tuple[Content, Content]:
    """The content that is live, and the one of the revision that was left unfinished."""
    assert record.live is not None
    assert record.unfinished is not None
    return record.live.content, record.unfinished.content


def left_at(state: str, step: str) -> tuple[FakeCluster, Content, Content]:
    """A cluster as a deployer of then left it, with what is live and what was begun."""
    written = document()
    written["revisions"][-1] |= {"state": state, "step": step}
    live, begun = live_and_begun(read_record(written))
    cluster = a_cluster()
    deploy(cluster, live)
    if step != "prepared":
        for manifest in begun.manifests:
            if (manifest["kind"] == "Deployment") <= (step != "apply"):  # all of it, or of the first step the half
                cluster.apply(manifest, namespace="default")
    storage = SecretStorage(cluster, "default", "fraud")
    seen = storage.read()
    assert storage.write(gzip.compress(json.dumps(written).encode()), seen.transitions if seen else 0, seen)
    return cluster, live, begun


def test_it_is_read_whole() -> None:
    """Every field is kept, and written again as it was; only the strategy, which it does not name, is added."""
    written = as_document(read_record(document()))
    assert [revision.pop("strategy") for revision in written["revisions"]] == [None] * 4
    assert written == document()


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("state", ["begun", "taking back"])
def test_the_same_release_again(state: str, step: str) -> None:
    """It is continued, or, where it was being rolled back, rolled back and begun anew."""
    cluster, _, begun = left_at(state, step)
    deploy(cluster, begun)
    assert holds(cluster, begun)
    assert states(cluster) == [
        "replaced",
        "failed",
        "replaced",
        *(["failed"] if state == "taking back" else []),
        "live",
    ]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("state", ["begun", "taking back"])
def test_another_release(state: str, step: str) -> None:
    """It rolls back what was begun: what is refused after that leaves the live revision whole."""
    cluster, live, _ = left_at(state, step)
    deploy(cluster, live)
    assert holds(cluster, live)
    assert states(cluster) == ["replaced", "failed", "live", "failed"]
    deploy(cluster, content(4))
    assert holds(cluster, content(4))


def test_a_step_that_is_not_a_name_is_damage() -> None:
    """Names of steps are free, for strategies from outside bring their own, and still no text of any kind."""
    written = document()
    written["revisions"][-1]["step"] = "a new step"
    read = read_record(written).unfinished
    assert read is not None
    assert (read.step, read.state) == ("a new step", State.BEGUN)
    for wrong in ("", "\x1b[2J", "a\nb", 7, None, "x" * 200):
        written["revisions"][-1]["step"] = wrong
        with pytest.raises(DamagedRecordError):
            read_record(written)
