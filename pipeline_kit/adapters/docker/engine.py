"""The Docker engine, over its SDK: builds, loads and saves images, and runs a server in a container."""

from __future__ import annotations

import contextlib
import tarfile
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from pipeline_kit.adapters.docker.connection import answering, connect, engine_host, reason_of
from pipeline_kit.adapters.docker.log import EngineLog
from pipeline_kit.adapters.docker.server import ContainerServer, discard, start_server
from pipeline_kit.contract.serving import EngineBuild
from pipeline_kit.errors import InfrastructureError, KitError, ProjectError

OWN_NAME = "pipeline-kit/job"
"""The repository of the image names that a job uses in the engine until it removes them.

Every build and load gets a name of its own: two jobs with the same image do not remove it from each other, and images
that a killed job left can be found.
"""
BAD_REQUEST = 400
COPY_BYTES = 1 << 20


class DockerEngine:
    """The engine at DOCKER_HOST or the default socket; it is connected to on first use."""

    def __init__(self, variables: Mapping[str, str], log: Callable[[str], None]) -> None:
        self._variables = variables
        self._log = log
        self._client: Any = None
        self._names: dict[str, str] = {}  # names by image id

    def build(self, build: EngineBuild) -> str:
        """Builds an image and returns its id; streams the log. Raises ProjectError where a step fails.

        An interrupted build ends in the engine too, and its containers are removed when this returns.
        """
        name = new_name()
        log = EngineLog(self._log)
        client = connect(self._variables)  # its own: closing its connection ends an interrupted build
        try:
            with answering("build the image"), readable(), tempfile.TemporaryFile() as context, streaming(client):
                write_context(build.context, context)
                for message in client.build(
                    fileobj=context,
                    custom_context=True,
                    dockerfile=build.dockerfile,
                    tag=name,
                    labels=dict(build.labels),
                    buildargs=dict(build.arguments),
                    target=build.target,
                    platform=build.platform,
                    network_mode=build.network,
                    rm=True,
                    forcerm=True,
                    decode=True,
                    timeout=None,
                ):
                    log.read(message)
        except BaseException:
            self._undo(log.container, name)
            raise
        finally:
            client.close()
        if log.image is None:
            raise InfrastructureError("the Docker engine built no image and reported no error", hint="run it again")
        self._names[log.image] = name
        return log.image

    def save(self, image: str, target: Path) -> None:
        """Writes the image as `docker save` does, atomically."""
        partial = target.with_name(f".{target.name}.partial")
        try:
            with answering("save the image"), streaming(self._engine()), partial.open("wb") as file:
                for piece in self._engine().get_image(image, chunk_size=COPY_BYTES):
                    file.write(piece)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)

    def load(self, archive: Path) -> str:
        """Loads an archive of `docker save`; the id of the image."""
        log = EngineLog(self._log)
        client = self._engine()
        with answering("load the image"):
            with archive.open("rb") as file, streaming(client):
                for message in client.load_image(file, quiet=True):
                    log.read(message)
            if log.image is None:
                raise InfrastructureError(f"the Docker engine found no image in {archive.name}", hint="build it again")
            image = str(client.inspect_image(log.image)["Id"])
            name = new_name()
            client.tag(image, *name.split(":"))
        self._names[image] = name
        return image

    def serve(self, image: str, *, port: int, variables: Mapping[str, str]) -> ContainerServer:
        """Runs a container of the image; stopping it removes it."""
        host = engine_host(self._variables)
        server = start_server(self._engine(), image, host, port=port, variables=variables, log=self._log)
        self._log(f"started container {server.container[:12]} on port {server.port}")
        return server

    def remove(self, image: str) -> None:
        """Removes an image that this engine built or loaded; one in use stays, and so do cached steps."""
        name = self._names.pop(image, None)
        if name is not None:
            forget(self._engine(), name)

    def _undo(self, container: str | None, name: str) -> None:
        """Removes what a failed build may have left; failures of that do not replace the build's own error."""
        with contextlib.suppress(KitError):
            client = self._engine()
            if container is not None:
                discard(client, container)
            forget(client, name)

    def _engine(self) -> Any:
        if self._client is None:
            self._client = connect(self._variables)
        return self._client


@contextlib.contextmanager
def readable() -> Iterator[None]:
    """Raises ProjectError where the engine cannot read the Dockerfile and refuses the build before its first step."""
    from docker.errors import APIError

    try:
        yield
    except APIError as error:
        if error.status_code != BAD_REQUEST:
            raise
        raise ProjectError(f"the image cannot be built: {reason_of(error)}", hint="check the Dockerfile") from error


@contextlib.contextmanager
def streaming(client: Any) -> Iterator[None]:
    """Closes the responses that began in the block when it ends, so that the engine stops its work for them."""
    responses: list[Any] = []

    def keep(response: Any, **_: Any) -> None:
        responses.append(response)

    client.hooks["response"].append(keep)
    try:
        yield
    finally:
        client.hooks["response"].remove(keep)
        for response in responses:
            response.close()


def write_context(folder: Path, target: IO[bytes]) -> None:
    """Writes the folder as a tar that depends on paths, contents and executable bits only; rewinds the file."""
    with tarfile.TarFile(fileobj=target, mode="w", format=tarfile.PAX_FORMAT, copybufsize=COPY_BYTES) as archive:
        for path in sorted(folder.rglob("*")):
            entry = archive.gettarinfo(path, str(path.relative_to(folder)))
            entry.uid = entry.gid = entry.mtime = 0
            entry.uname = entry.gname = ""
            entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
            if entry.isreg() or entry.islnk():
                with path.open("rb") as content:  # a hard link is written as a file of its own
                    entry.type, entry.linkname, entry.size = tarfile.REGTYPE, "", path.stat().st_size
                    archive.addfile(entry, content)
            elif entry.isdir() or entry.issym():
                archive.addfile(entry)
    target.seek(0)


def forget(client: Any, name: str) -> None:
    """Removes a name; the image is deleted with its last one. The layers of its build steps stay as a cache."""
    from docker.errors import APIError

    with answering("remove the image"):
        try:
            client.remove_image(name, noprune=True)
        except APIError as error:
            if error.status_code not in (404, 409):
                raise


def new_name() -> str:
    """A unique name for an image."""
    return f"{OWN_NAME}:{uuid.uuid4().hex}"
