"""From the descriptor to predictions, for both examples and both builders, with a real registry and a real engine.

Each example is run once, by one command, with both builders in its descriptor; the tests then look at what there is.
"""

from __future__ import annotations

import csv
import json
import re
import signal
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from pipeline_kit.catalog import Catalog
from pipeline_kit.contract.image_documents import read_image
from pipeline_kit.descriptor.load import load_descriptor
from pipeline_kit.images.oci.layout import Layout
from pipeline_kit.images.serve.golden_requests import golden_rows, request_of
from pipeline_kit.images.serve.running import read_configuration
from pipeline_kit.images.verify.signature import KeyPair, make_keys
from tests.conftest import missing
from tests.executors.test_examples import checkout
from tests.images.engines import absent, containers, forget_base, images, ran
from tests.images.faulty_registry import ALWAYS, Fault, Plan, faulty_registry
from tests.images.pushing import complete, tagged
from tests.images.registry import Registry, free_port
from tests.images.test_docker_engine import running
from tests.images.test_foreign_tools import answer
from tests.projects import commit, kit

TOOLS = absent() or missing("skopeo")
pytestmark = [pytest.mark.engine, pytest.mark.registry, pytest.mark.skipif(bool(TOOLS), reason=TOOLS)]
SECONDS = 900
SERVES = {"tumour_logistic": "model.serving", "digits_cnn": "digits.serving"}
BUILDERS = {"layers": "", "docker": "engine_"}
"""Before the names of the builder's jobs."""
CASES = [
    pytest.param(
        (example, builder),
        id=f"{example}-{builder}",
        marks=[pytest.mark.torch] if example == "digits_cnn" else [],
    )
    for example in SERVES
    for builder in BUILDERS
]
JOBS = """\
  {prefix}package_image:
    stage: image
    needs: [package]
    builder: {builder}
    serve: {serve}
    base: {base}
    serving_lock: serving.lock
    data: test
  {prefix}test_image: {{stage: test_image, needs: [{prefix}package_image], runs: engine, start_seconds: 120}}
  {prefix}scan: {{stage: scan, needs: [{prefix}package_image]}}
  {prefix}sign: {{stage: sign, needs: [{prefix}scan], secrets: [signing]}}
  {prefix}push: {{stage: push, needs: [{prefix}sign, {prefix}test_image], repository: {host}/{example}/{builder}}}
"""
BESIDE = """\
  push_through: {{stage: push, needs: [sign, test_image], repository: "127.0.0.1:{port}/{example}/through"}}
  interrupted:
    stage: image
    needs: [package]
    builder: docker
    serve: {serve}
    base: {base}
    version: {version}
    data: test
insecure: ["{host}", "127.0.0.1:{port}"]
secrets:
  signing: {{type: text, gitlab: SIGNING_KEY, jenkins: signing-key}}
"""


@dataclass(frozen=True)
class Released:
    """An example whose images are in a registry: its checkout, and the keys that they are signed with."""

    example: str
    project: Path
    registry: Registry
    keys: KeyPair
    port: int  # where the job `push_through` looks for a registry
    version: str  # what the job `interrupted` labels its image with

    @property
    def variables(self) -> dict[str, str]:
        """What the CI server would give to the jobs."""
        return {"PIPELINE_KIT_SECRET_SIGNING": self.keys.private.decode()}

    def record(self, job: str) -> dict[str, Any]:
        """The result of a job."""
        return dict(json.loads((self.project / f".pipeline-kit/out/{job}/result.json").read_text()))

    @cached_property
    def evaluated(self) -> dict[str, Mapping[str, str]]:
        """What the evaluation predicted, by the row's id."""
        path = self.project / ".pipeline-kit/out/evaluate/predictions/test.csv"
        with path.open(newline="") as file:
            return {row["id"]: row for row in csv.DictReader(file)}

    def agrees(self, predictions: list[Mapping[str, Any]]) -> bool:
        """Whether every prediction is the evaluation's, to the last digit."""
        for each in predictions:
            wanted = self.evaluated[str(each["id"])]
            found = {name: value for name, value in each.items() if name != "id"}
            if any(not same(value, wanted[name]) for name, value in found.items()):
                return False
        return True


def same(value: object, text: str) -> bool:
    """Whether a value of JSON is what a cell of a table says."""
    return float(text) == value if isinstance(value, float) else str(value) == text


@pytest.fixture(scope="session")
def release(
    tmp_path_factory: pytest.TempPathFactory, registry: Registry, base_image: str
) -> Iterator[Callable[[str], Released]]:
    """Releases an example with both builders, once: by one command, as a person would."""
    made: dict[str, Released] = {}

    def released(example: str) -> Released:
        if example not in made:
            made[example] = run_example(example, tmp_path_factory.mktemp(example), registry, base_image)
        return made[example]

    yield released
    forget_base(registry)


def run_example(example: str, folder: Path, registry: Registry, base: str) -> Released:
    """A checkout of the example that has run; its descriptor has all jobs of an image by both builders.

    The gate does without the project's own tests, which other tests run and no image depends on.
    """
    project = checkout(example, folder)
    found = Released(example, project, registry, make_keys(), free_port(), f"v{uuid.uuid4().hex}")
    descriptor = project / "pipeline-kit.yml"
    text = descriptor.read_text().replace("needs: [evaluate, test]", "needs: [evaluate]")
    head, mark, _ = text.partition("  package_image:\n")
    assert mark and text != descriptor.read_text()
    given = {"example": example, "serve": SERVES[example], "base": base, "host": registry.host}
    jobs = [JOBS.format(prefix=prefix, builder=builder, **given) for builder, prefix in BUILDERS.items()]
    descriptor.write_text(head + "".join(jobs) + BESIDE.format(port=found.port, version=found.version, **given))
    commit(project)
    done = kit(project, "run", "push", "engine_push", seconds=SECONDS, **found.variables)
    assert done.returncode == 0, done.stdout + done.stderr
    return found


@pytest.mark.parametrize("case", CASES)
def test_a_model_goes_from_the_descriptor_to_predictions(
    case: tuple[str, str],
    release: Callable[[str], Released],
    request: pytest.FixtureRequest,
    tmp_path: Path,
    count: Callable[[str, int], None],
) -> None:
    """Built, tried in the engine, scanned, signed, pushed; then read, pulled, verified and asked by all others."""
    example, builder = case
    if example == "digits_cnn":
        request.getfixturevalue("torch_python")
    released, prefix = release(example), BUILDERS[builder]
    image, pushed = released.record(f"{prefix}package_image"), released.record(f"{prefix}push")
    digest, name = image["facts"]["image"], f"{released.registry.host}/{example}/{builder}"
    assert pushed["facts"]["image"] == f"{name}@{digest}"
    assert released.record(f"{prefix}test_image")["facts"] == {"image": digest, "model": image["facts"]["model"]}
    assert released.record(f"{prefix}test_image")["reason"].startswith("32 rows predicted as evaluated")

    for place in (
        f"docker://{name}:latest",
        f"oci:{released.project}/.pipeline-kit/out/{prefix}package_image/image:latest",
    ):
        options = ["--tls-verify=false"] if place.startswith("docker") else []
        shown = json.loads(ran("skopeo", "inspect", *options, place))
        assert shown["Digest"] == digest and shown["Architecture"] == "amd64"
        assert shown["Labels"]["dev.pipeline-kit.model.digest"] == image["facts"]["model"]

    public = tmp_path / "signing.pub"
    public.write_bytes(released.keys.public)
    said = kit(released.project, "verify", f"{name}:latest", "--key", str(public), seconds=SECONDS)
    assert said.returncode == 0, said.stderr
    assert said.stdout.startswith(f"verified {digest}\n") and "signed by the key" in said.stdout
    public.write_bytes(make_keys().public)
    said = kit(released.project, "verify", f"{name}:latest", "--key", str(public), seconds=SECONDS)
    assert said.returncode == 1 and "signed by none of the given keys" in said.stderr

    pulled = tmp_path / "pulled"
    ran(
        "skopeo",
        "copy",
        "--src-tls-verify=false",
        "--preserve-digests",
        f"docker://{name}@{digest}",
        f"oci:{pulled}:latest",
    )
    assert read_image(Layout(pulled)).digest == digest
    told = kit(released.project, "predict", f"oci:{pulled}", "--rows", "data/test.csv", "--json", seconds=SECONDS)
    assert told.returncode == 0, told.stderr
    document = json.loads(told.stdout)
    assert (document["image"], document["model"]) == (digest, image["facts"]["model"])
    assert len(document["predictions"]) == len(released.evaluated)
    assert released.agrees(document["predictions"])
    count("images built, tried, signed, pushed, verified and pulled that predict all rows as evaluated", 1)


@pytest.mark.parametrize("builder", BUILDERS)
def test_an_image_that_the_engine_pulls_runs_and_predicts(
    builder: str, release: Callable[[str], Released], tmp_path: Path
) -> None:
    """By its digest, as a user without rights, its file system read-only: `docker pull` and `docker run`, no kit."""
    released = release("tumour_logistic")
    name = released.record(f"{BUILDERS[builder]}push")["facts"]["image"]
    layout = Layout(released.project / f".pipeline-kit/out/{BUILDERS[builder]}package_image/image")
    configuration = read_configuration(layout, read_image(layout))
    dataset = load_descriptor(released.project, Catalog(released.project)).data["test"]
    rows = golden_rows(dataset, released.project / dataset.path, configuration.inputs, 50).rows
    container, port = f"pipeline-kit-{uuid.uuid4().hex}", free_port()
    ran("docker", "pull", "--quiet", name)
    try:
        ran(
            "docker", "run", "--detach", "--name", container, "--network", "host", "--read-only", "--tmpfs", "/tmp",
            "--cap-drop", "ALL", "--env", "HOST=127.0.0.1", "--env", f"PORT={port}", name,
        )  # fmt: skip
        place = f"http://127.0.0.1:{port}"
        assert answer(f"{place}/readyz")
        asked = urllib.request.Request(
            f"{place}/predict", request_of(rows), {"Content-Type": "application/json"}, method="POST"
        )
        with urllib.request.urlopen(asked, timeout=60) as response:
            document = json.load(response)
        assert document["model"] == released.record("train")["outputs"]["model"]["digest"]
        assert len(document["predictions"]) == 50 and released.agrees(document["predictions"])
        assert ran("docker", "exec", container, "id", "-u").strip() == "10001"
    finally:
        subprocess.run(["docker", "rm", "--force", container], capture_output=True, check=False)
        ran("docker", "image", "rm", name)


def test_a_push_that_failed_ends_with_3_and_the_same_command_goes_on(release: Callable[[str], Released]) -> None:
    """The registry refuses the tag at the end: nothing is tagged, and the second time nothing is sent again."""
    released = release("tumour_logistic")
    plan = Plan((Fault("status", "PUT", "/manifests/latest", "401", times=ALWAYS),))
    with faulty_registry(released.registry.port, plan, port=released.port):
        done = kit(released.project, "job", "push_through", seconds=SECONDS, **released.variables)
        assert done.returncode == 3, done.stdout + done.stderr
        assert "401" in done.stdout and "latest" not in tagged(released.registry, "tumour_logistic/through")
        plan.faults, plan.bytes_sent = (), 0
        again = kit(released.project, "job", "push_through", seconds=SECONDS, **released.variables)
        assert again.returncode == 0, again.stdout + again.stderr
    digest = released.record("package_image")["facts"]["image"]
    assert tagged(released.registry, "tumour_logistic/through")["latest"] == digest
    complete(released.registry, "tumour_logistic/through", digest)
    assert plan.bytes_sent == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["SIGTERM", "SIGINT"])
def test_a_build_in_the_engine_that_is_interrupted_leaves_nothing(
    release: Callable[[str], Released], number: signal.Signals, code: int, count: Callable[[str, int], None]
) -> None:
    """The command is sent a signal while a step runs: the step's container is gone when the command has ended."""
    released = release("tumour_logistic")
    words = [sys.executable, "-m", "pipeline_kit", "job", "interrupted"]
    process = subprocess.Popen(words, cwd=released.project, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines: list[str] = []
    assert process.stdout is not None
    with process.stdout as said:
        for line in said:
            lines.append(line.rstrip("\n"))
            if re.search("---> Running in", line) and process.poll() is None and len(running(lines)) == 1:
                process.send_signal(number)
    assert process.wait(timeout=60) == code, "\n".join(lines)
    assert running(lines) and containers(*running(lines)) == []
    assert not any("Successfully built" in line for line in lines)
    assert images(f"dev.pipeline-kit.model.version={released.version}") == []
    count("builds in an engine interrupted, and nothing left", 1)
