"""How an image runs: as a plain process from its unpacked root, and when it is ready."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline_kit.contract.image_documents import Image, read_document
from pipeline_kit.contract.oci import Blobs
from pipeline_kit.contract.serving import Answer, Processes, Server
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.errors import ModelError
from pipeline_kit.images.names import APP, INPUTS_FILE, MANIFEST_FILE
from pipeline_kit.images.oci.files import image_files

INTERPRETERS = ("python", "python3")
OF_THE_BASE = ("PATH", "HOME", "HOST", "PORT", "LD_LIBRARY_PATH", "LD_PRELOAD", "PYTHONHOME")
"""Variables of an image that speak of its own file system, or that whoever runs it sets."""
LOOK_SECONDS = 0.01
AT_ONCE = {"DRAIN_SECONDS": "0"}
"""Only the kit sends requests, so a server that gets SIGTERM need not drain."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """The two files that say what an image serves: its package's manifest, and what a request must look like."""

    manifest: Mapping[str, Value]
    inputs: Mapping[str, Value]

    @property
    def python(self) -> str:
        """The minor version of Python that its dependencies are for. Raises ModelError where it does not say."""
        value = self.manifest.get("python")
        if not isinstance(value, str) or not value.replace(".", "").isdecimal():
            raise ModelError("the manifest in the image names no Python", hint="build the image again")
        return value


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a server got ready, and after how long; `reason` says why not."""

    seconds: float
    reason: str | None = None


def read_configuration(blobs: Blobs, image: Image) -> Configuration:
    """What an image serves. Raises ModelError where it lacks the files, as an image of another tool does."""
    documents: dict[str, Mapping[str, Value]] = {}
    for file in image_files(image, blobs):
        if file.path in (MANIFEST_FILE, INPUTS_FILE) and file.kind == "file":
            documents[file.path] = read_document(file.read(file.size), f"{file.path} of the image")
        if len(documents) == 2:
            return Configuration(documents[MANIFEST_FILE], documents[INPUTS_FILE])
    lacking = next(text for text in (MANIFEST_FILE, INPUTS_FILE) if text not in documents)
    raise ModelError(f"the image has no /{lacking}", hint="let the stage image build it")


def serve_root(processes: Processes, image: Image, root: Path, interpreter: Path) -> Server:
    """Starts the image as a plain process from its unpacked root, by an interpreter of this machine.

    That one sees the image's packages and no others: without `site` it has none of its own. Raises ModelError for an
    image that runs something else than a module of Python.
    """
    command = command_of(image)
    code = root / APP / "code"
    return processes.serve(
        [str(interpreter), "-S", "-s", *command[1:]], cwd=code, variables={**variables_of(image, root), **AT_ONCE}
    )


def command_of(image: Image) -> tuple[str, ...]:
    """What a container of the image runs. Raises ModelError where that is not `python3 -m MODULE ...`."""
    config = image.config.get("config")
    parts = [config.get(name) or [] for name in ("Entrypoint", "Cmd")] if isinstance(config, dict) else []
    words = [str(word) for part in parts if isinstance(part, list) for word in part]
    if len(words) < 3 or Path(words[0]).name not in INTERPRETERS or words[1] != "-m":
        raise ModelError(
            f"the image runs {' '.join(words) or 'nothing'}, which is not a Python module",
            hint="run it with `runs: engine`",
        )
    return tuple(words)


def variables_of(image: Image, root: Path) -> dict[str, str]:
    """The image's variables, paths of its application turned into those of the root on disk."""
    config = image.config.get("config")
    given = config.get("Env") if isinstance(config, dict) else None
    pairs = (str(entry).partition("=") for entry in given or ())
    inside = {name: value for name, _, value in pairs if name not in OF_THE_BASE}
    return {name: ":".join(on_disk(part, root) for part in value.split(":")) for name, value in inside.items()}


def on_disk(path: str, root: Path) -> str:
    """A path of the application as this machine has it; any other text as it is."""
    return str(root / path.lstrip("/")) if path == f"/{APP}" or path.startswith(f"/{APP}/") else path


def wait_until_ready(server: Server, seconds: float, clock: Callable[[], float] = time.monotonic) -> Readiness:
    """Waits until the server says that it is ready, has ended, or the seconds are over."""
    started = clock()
    reason = "nothing answers"
    while (passed := clock() - started) < seconds:
        answer = server.ask("GET", "/readyz")
        if answer is not None and answer.status == 200:
            return Readiness(clock() - started)
        if answer is not None:
            reason = reason_of(answer)
            if reason.startswith("not served"):
                return Readiness(passed, reason)
        elif not server.alive():
            last = next((line for line in reversed(server.lines()) if line.strip()), "no output")
            return Readiness(passed, f"it ended: {last}")
        time.sleep(LOOK_SECONDS)
    return Readiness(seconds, f"not ready after {seconds:g} s: {reason}")


def reason_of(answer: Answer) -> str:
    """Why a server is not ready, as it says itself."""
    try:
        return str(json.loads(answer.body)["reason"])
    except (ValueError, KeyError, TypeError):
        return f"/readyz answers {answer.status}"
