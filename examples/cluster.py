"""The whole way on a Kubernetes cluster: from an example's descriptor to a prediction from a pod, and back.

    python examples/cluster.py [--example NAME] [--folder DIR]        (make demo-cluster)

KUBECONFIG names the cluster. REGISTRY names a repository that the cluster pulls from and you may push to; without it
Debian's docker-registry is started on this machine, which a cluster on this machine reaches. BASE names the base image,
one with Python 3.11 in it, by registry or as oci:FOLDER; without it a python:3.11-slim of the local Docker engine is
taken. It makes a namespace of its own and deletes it at the end, unless --keep is given.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pipeline_kit.errors import KitError

HERE = Path(__file__).resolve().parent
KIT = [sys.executable, "-m", "pipeline_kit"]
LOCAL_BASE = "python:3.11-slim"
START_SECONDS = 20
IDENTITY = ["-c", "user.name=demo", "-c", "user.email=demo@example.invalid", "-c", "init.defaultBranch=main"]
OTHER_MODEL = {
    "tumour_logistic": ("strengths: [0.01, 0.1, 1.0, 10.0]", "strengths: [0.5]"),
    "digits_cnn": ("epochs: 4", "epochs: 5"),
}
"""What is changed in the descriptor of each example, so that it trains another model."""
ADDED = """
  sign:
    needs: [scan, test_image]
    secrets: [signing]
  push:
    needs: [sign]
    repository: "{repository}"
  deploy_staging:
    stage: deploy
    needs: [push]
    environment: staging
    replicas: 1
    resources: {{cpu: 250m, memory: {memory}}}
    key: [keys/signing.pub]
    ready_within: 5m

secrets:
  signing: {{type: file, gitlab: SIGNING_KEY, jenkins: signing-key}}
environments:
  staging: {{namespace: "{namespace}"}}
insecure: ["{host}"]
"""


MARK = ".pipeline-kit-demo"
"""In the folder that the demonstration has made: only there anything is removed."""


class DemoError(Exception):
    """The reason why the demonstration cannot continue."""


@dataclass
class Demo:
    """One project, one registry, one namespace; every command is shown before it runs."""

    folder: Path
    example: str
    namespace: str
    repository: str
    base: str
    memory: str
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def project(self) -> Path:
        return self.folder / "project"

    def say(self, text: str) -> None:
        print(f"\n== {text}", flush=True)

    def kit(self, *words: str, expect: int = 0) -> str:
        """Runs a command of the kit, shows it and what it prints, and returns that."""
        print(f"$ pipeline-kit {' '.join(words)}", flush=True)
        done = self.call(words)
        print(done.stdout, end="", flush=True)
        if done.returncode != expect:
            raise DemoError(f"`pipeline-kit {' '.join(words)}` ended with {done.returncode}, not {expect}")
        return done.stdout

    def call(self, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
        variables = {**os.environ, **self.variables}
        pipe = subprocess.PIPE
        return subprocess.run([*KIT, *words], cwd=self.project, env=variables, text=True, stdout=pipe, check=False)

    def git(self, *words: str) -> None:
        subprocess.run(["git", *IDENTITY, *words], cwd=self.project, check=True, stdout=subprocess.DEVNULL)

    def edit(self, old: str, new: str, why: str) -> None:
        """Changes the descriptor and commits that."""
        path = self.project / "pipeline-kit.yml"
        text = path.read_text(encoding="utf-8")
        if old not in text:
            raise DemoError(f"{old!r} is not in the descriptor of {self.example}")
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        self.git("commit", "-q", "-a", "-m", why)

    def releases(self) -> list[Mapping[str, object]]:
        """The record in the cluster."""
        done = self.call(["releases", "list", "staging", "--json"])
        return list(json.loads(done.stdout)["revisions"])

    def expect(self, *states: str) -> None:
        """Holds the record to what must have become of each revision."""
        result = tuple(str(release["state"]) for release in self.releases())
        if result != states:
            raise DemoError(f"the record says {', '.join(result)}, not {', '.join(states)}")


def make_project(demo: Demo) -> None:
    """A copy of the example as a repository, with the jobs of a release in its descriptor."""
    source, target = HERE / demo.example, demo.project
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(
        source, target, ignore=shutil.ignore_patterns(".pipeline-kit", "__pycache__", "*.egg-info", "build")
    )
    demo.folder.joinpath("keys").mkdir(exist_ok=True)
    descriptor = target / "pipeline-kit.yml"
    text = descriptor.read_text(encoding="utf-8")
    scratch = "    base: scratch"
    if scratch not in text:
        raise DemoError(f"the descriptor of {demo.example} has no `base: scratch` to replace")
    text = text.replace(scratch, f'    base: "{demo.base}"\n    builder: layers', 1)
    host = demo.repository.partition("/")[0]
    added = ADDED.format(repository=demo.repository, namespace=demo.namespace, host=host, memory=demo.memory)
    print(f"added to the descriptor of {demo.example}:\n{added}")
    descriptor.write_text(text.rstrip("\n") + added, encoding="utf-8")
    demo.git("init", "-q")
    demo.git("add", "-A")
    demo.git("commit", "-q", "-m", "The example, and its release")
    shutil.rmtree(demo.folder / "keys", ignore_errors=True)
    demo.kit("keys", str(demo.folder / "keys"))
    (target / "keys").mkdir()
    public = next(demo.folder.joinpath("keys").glob("*.pub"))
    shutil.copyfile(public, target / "keys/signing.pub")
    private = next(path for path in demo.folder.joinpath("keys").iterdir() if path.suffix != ".pub")
    demo.variables["PIPELINE_KIT_SECRET_SIGNING"] = str(private)
    demo.git("add", "-A")
    demo.git("commit", "-q", "-m", "The public key of who may have built an image")


def tell(demo: Demo) -> None:
    """The way, step by step. Raises DemoError where something is not as it must be."""
    demo.say("from the descriptor to a pod: built in layers, tried, scanned, signed, pushed, released")
    demo.kit("run", "push", "deploy_staging")
    demo.expect("live")
    demo.say("a prediction from the pod")
    demo.kit("predict", "--environment", "staging")
    demo.say("another model, built by the Docker engine where there is one: what would change, and the upgrade")
    demo.edit(*OTHER_MODEL[demo.example], "Another model")
    if shutil.which("docker") and engine_answers():
        demo.edit("builder: layers", "builder: docker", "Build with the engine")
    demo.kit("run", "push")
    demo.kit("deploy", "staging", "--diff")
    demo.kit("deploy", "staging")
    demo.expect("replaced", "live")
    demo.say("a bad release: its pods need more memory than they may use, and it is rolled back")
    demo.edit(f"memory: {demo.memory}", "memory: 24Mi", "Save memory")
    demo.kit("run", "push")
    demo.kit("deploy", "staging", expect=1)
    demo.expect("replaced", "live", "failed")
    demo.kit("predict", "--environment", "staging")
    demo.say("back to the first release, and what became of all of them")
    demo.kit("rollback", "staging")
    demo.expect("replaced", "replaced", "failed", "live")
    demo.kit("predict", "--environment", "staging")
    demo.kit("releases", "list", "staging")


@contextmanager
def local_registry(folder: Path) -> Iterator[str]:
    """A repository in Debian's docker-registry on the loopback interface."""
    if shutil.which("docker-registry") is None:
        hint = "set REGISTRY to a repository that the cluster pulls from, or install Debian's docker-registry"
        raise DemoError(f"no registry: {hint}")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{free.getsockname()[1]}"
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "registry.yml"
    storage = json.dumps(str(folder / "storage"))
    config.write_text(
        f"version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {storage}}}}}\n"
        f"http: {{addr: '{host}', secret: demo}}\n",
        encoding="utf-8",
    )
    with (folder / "registry.log").open("wb") as log:
        process = subprocess.Popen(["docker-registry", "serve", str(config)], stdout=log, stderr=log)
        try:
            wait_for(f"http://{host}/v2/", process)
            yield f"{host}/demo/model"
        finally:
            process.terminate()
            process.wait()


def wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    """Returns when the registry answers."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=2).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise DemoError("the registry does not answer")


def engine_answers() -> bool:
    """Whether a Docker engine is here."""
    return subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0


def local_base(folder: Path) -> str:
    """The engine's python:3.11-slim as an OCI layout on disk."""
    from pipeline_kit.images.engine.archive import as_layout

    archive, layout = folder / "base.tar", folder / "base"
    words = ["docker", "save", "-o", str(archive), LOCAL_BASE]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DemoError(f"no base image: set BASE, or pull {LOCAL_BASE}: {done.stderr.strip()}")
    shutil.rmtree(layout, ignore_errors=True)
    as_layout(archive, layout)
    archive.unlink()
    return f"oci:{layout}"


@contextmanager
def own_namespace(*, keep: bool) -> Iterator[str]:
    """A namespace of this demonstration's own."""
    from pipeline_kit.adapters.kubernetes.cluster import KubernetesCluster
    from pipeline_kit.contract.cluster import Kind

    if not os.environ.get("KUBECONFIG"):
        raise DemoError("KUBECONFIG names no cluster")
    cluster = KubernetesCluster(None, None, dict(os.environ), ())
    name = f"pipeline-kit-demo-{uuid.uuid4().hex[:8]}"
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}, namespace=None)
    try:
        yield name
    finally:
        if not keep:
            cluster.delete(Kind("v1", "Namespace", namespaced=False), name, None)


def own_folder(folder: Path) -> Path:
    """The folder, which is new, empty, or left by an earlier demonstration. Raises DemoError for any other."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()) and not (folder / MARK).is_file():
        raise DemoError(f"{folder} holds something else: name a folder that is new or empty")
    (folder / MARK).touch()
    return folder


def main(argv: Sequence[str] | None = None) -> int:
    """Goes the way, and returns 0 where everything was as it must be."""
    parser = argparse.ArgumentParser(prog="make demo-cluster", description="The whole way on a Kubernetes cluster.")
    parser.add_argument("--example", choices=OTHER_MODEL, default="tumour_logistic", help="default: tumour_logistic")
    parser.add_argument("--folder", type=Path, help="where the copy and its images go (default: a temporary folder)")
    parser.add_argument("--memory", default="256Mi", help="what a pod may use (default: 256Mi)")
    parser.add_argument("--keep", action="store_true", help="leave the namespace as it is at the end")
    given = parser.parse_args(argv)
    started = time.monotonic()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # what was made is removed then, too
    try:
        with ExitStack() as stack:
            folder = given.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pipeline-kit-")))
            folder = own_folder(folder.resolve())
            namespace = stack.enter_context(own_namespace(keep=given.keep))
            repository = os.environ.get("REGISTRY") or stack.enter_context(local_registry(folder / "registry"))
            base = os.environ.get("BASE") or local_base(folder)
            demo = Demo(folder, given.example, namespace, repository, base, given.memory)
            make_project(demo)
            tell(demo)
    except (DemoError, KitError, tarfile.TarError, OSError, subprocess.CalledProcessError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    print(f"\nthe whole way, and back, in {time.monotonic() - started:.0f} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
