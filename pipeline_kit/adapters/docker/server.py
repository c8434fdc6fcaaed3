"""A server in a container of the Docker engine."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pipeline_kit.adapters.docker.connection import LOOPBACK, answering
from pipeline_kit.adapters.http import query
from pipeline_kit.adapters.process.servers import free_port
from pipeline_kit.contract.serving import Answer
from pipeline_kit.errors import InfrastructureError, KitError, ProjectError

LABEL = "dev.pipeline-kit.container"
"""Of every container that the kit starts: `docker ps --all --filter label=...` finds one that a kill left behind."""
KEPT_LINES = 60
GRACE_SECONDS = 10.0
REMOVED_SECONDS = 30.0
NO_NETWORK = ("bridge", "endpoint", "network", "driver failed programming external connectivity")


class ContainerServer:
    """A container that was started. It is removed when it is stopped."""

    def __init__(self, client: Any, container: str, host: str, port: int) -> None:
        self.container = container
        self.port = port
        self._host = host
        self._client = client
        self._lines: tuple[str, ...] = ()
        self._peak: int | None = None
        self._exit_code: int | None = None

    def ask(self, method: str, path: str, body: bytes | None = None) -> Answer | None:
        """The server's answer; None while nothing listens, or where the connection breaks."""
        return query(self._host, self.port, method, path, body)

    def alive(self) -> bool:
        """Whether it still runs."""
        if self._exit_code is not None:
            return False
        with answering("show a container"):
            return bool(self._client.inspect_container(self.container)["State"]["Running"])

    def lines(self) -> tuple[str, ...]:
        """The last lines that it wrote, on either output."""
        if self._exit_code is None:
            with answering("show what a container wrote"):
                written = self._client.logs(self.container, stdout=True, stderr=True, tail=KEPT_LINES)
            self._lines = tuple(bytes(written).decode(errors="replace").splitlines())
        return self._lines

    def memory_bytes(self) -> int | None:
        """The peak of its memory as the kernel has counted it; where it counts none, the most that was seen here."""
        if self._exit_code is None:
            with answering("measure a container"):
                found = self._client.stats(self.container, stream=False).get("memory_stats") or {}
            seen = memory_of(found)
            if seen:
                self._peak = max(seen, self._peak or 0)
        return self._peak

    def stop(self) -> int:
        """Ends it with SIGTERM, after ten seconds with SIGKILL, and removes it; its exit code."""
        if self._exit_code is not None:
            return self._exit_code
        try:
            exit_code = self._end()
            self.lines()
            self._exit_code = exit_code
        finally:
            discard(self._client, self.container)
        return self._exit_code

    def _end(self) -> int:
        """The exit code of the container, which has ended."""
        import requests

        for signal, seconds in (("SIGTERM", GRACE_SECONDS), ("SIGKILL", REMOVED_SECONDS)):
            with answering("end a container"):
                if self.alive():
                    with ended_already():
                        self._client.kill(self.container, signal)
                try:
                    return int(self._client.wait(self.container, timeout=seconds)["StatusCode"])
                except (requests.exceptions.ReadTimeout, requests.exceptions.ConnectionError):
                    continue
        raise InfrastructureError(f"container {self.container[:12]} does not end", hint="restart the Docker engine")


def start_server(
    client: Any,
    image: str,
    host: str,
    *,
    port: int,
    variables: Mapping[str, str],
    log: Callable[[str], None],
) -> ContainerServer:
    """A container of the image, its port open on the loopback interface of the engine's machine alone.

    Where the engine has no bridge (it runs in a container itself), the server is on the machine's own network, on a
    free port there that HOST and PORT tell it. An engine elsewhere opens the port on all interfaces, for nobody could
    ask it otherwise. Docker has no network that lets a published port in and nothing out; the root file system is
    read-only, no capability is left and no privilege can be gained. Raises ProjectError where the image does not start.
    """
    listens = LOOPBACK if host == LOOPBACK else "0.0.0.0"
    published = {"port_bindings": {port: (listens,)}}
    try:
        server = _started(client, image, host, network=published, port=port, variables={"PORT": str(port), **variables})
        if server is not None:
            return server
        why = "it publishes no ports"
    except ProjectError as error:
        if not any(word in error.message for word in NO_NETWORK):
            raise
        why = error.message
    log(f"the engine has no bridge, so that the container is on the machine's own network: {why}")
    own = free_port()
    told = {**variables, "HOST": listens, "PORT": str(own)}
    server = _started(client, image, host, network={"network_mode": "host"}, port=own, variables=told)
    assert server is not None
    return server


def _started(
    client: Any, image: str, host: str, *, network: Mapping[str, Any], port: int, variables: Mapping[str, str]
) -> ContainerServer | None:
    """The server in a container of that network; none where its port was not published."""
    from docker.errors import APIError

    settings = client.create_host_config(
        **network,
        read_only=True,
        tmpfs={"/tmp": "mode=1777"},  # the application's own, gone with the container
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        log_config={"Type": "json-file", "Config": {"max-size": "16m"}},
    )
    container = ""
    try:
        with answering("make a container"):
            made = client.create_container(
                image, environment=dict(variables), host_config=settings, ports=[port], labels={LABEL: "server"}
            )
            container = str(made["Id"])
        try:
            client.start(container)
        except APIError as error:
            raise ProjectError(f"the image does not start: {error.explanation}", hint=f"image {image}") from error
        with answering("show a container"):
            found = client.inspect_container(container)
        if "network_mode" in network:
            return ContainerServer(client, container, host, port)
        opened = (found["NetworkSettings"].get("Ports") or {}).get(f"{port}/tcp")
        if opened or not found["State"]["Running"]:
            return ContainerServer(client, container, host, int(opened[0]["HostPort"]) if opened else port)
        discard(client, container)
        return None
    except BaseException:
        if container:
            with contextlib.suppress(KitError):
                discard(client, container)
        raise


def discard(client: Any, container: str) -> None:
    """Removes a container, running or not; one that is gone, or is just being removed, is no error."""
    from docker.errors import APIError

    with answering("remove a container"):
        try:
            client.remove_container(container, force=True, v=True)
        except APIError as error:
            if error.status_code not in (404, 409):
                raise


@contextlib.contextmanager
def ended_already() -> Iterator[None]:
    """Lets pass that a container cannot be sent a signal because it has ended."""
    from docker.errors import APIError

    try:
        yield
    except APIError as error:
        if error.status_code not in (404, 409, 500) or "not running" not in str(error.explanation):
            raise


def memory_of(found: Mapping[str, Any]) -> int | None:
    """The peak where the kernel counts one (cgroups v1); else what is used now, without files it could let go of."""
    peak, used = found.get("max_usage"), found.get("usage")
    if isinstance(peak, int) and peak > 0:
        return peak
    if not isinstance(used, int):
        return None
    idle = (found.get("stats") or {}).get("inactive_file")
    return used - idle if isinstance(idle, int) and 0 <= idle < used else used
