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
"""A label of every container that the kit starts: `docker ps --all --filter label=...` finds what a kill left."""
KEPT_LINES = 60
GRACE_SECONDS = 10.0
REMOVED_SECONDS = 30.0
NO_NETWORK = ("bridge", "endpoint", "network", "driver failed programming external connectivity")


class ContainerServer:
    """A started container; stopping it removes it."""

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
        """Whether it is running."""
        if self._exit_code is not None:
            return False
        with answering("show a container"):
            return bool(self._client.inspect_container(self.container)["State"]["Running"])

    def lines(self) -> tuple[str, ...]:
        """The last lines of its standard output and error."""
        if self._exit_code is None:
            with answering("show the log of a container"):
                written = self._client.logs(self.container, stdout=True, stderr=True, tail=KEPT_LINES)
            self._lines = tuple(bytes(written).decode(errors="replace").splitlines())
        return self._lines

    def memory_bytes(self) -> int | None:
        """The peak of its memory by the kernel's count; without one (cgroups v2), the highest value of all calls."""
        if self._exit_code is None:
            with answering("measure a container"):
                statistics = self._client.stats(self.container, stream=False).get("memory_stats") or {}
            used = memory_of(statistics)
            if used:
                self._peak = max(used, self._peak or 0)
        return self._peak

    def stop(self) -> int:
        """Ends it by SIGTERM, after ten seconds by SIGKILL, and removes it; its exit code."""
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
        """Ends the container and returns its exit code."""
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
        raise InfrastructureError(
            f"container {self.container[:12]} did not end after SIGKILL", hint="restart the Docker engine"
        )


def start_server(
    client: Any,
    image: str,
    host: str,
    *,
    port: int,
    variables: Mapping[str, str],
    log: Callable[[str], None],
) -> ContainerServer:
    """Starts a container of the image; its port is published on the loopback interface of the engine's machine only.

    Without a bridge (the engine runs in a container itself) the server uses the machine's network, on a free port that
    it gets in HOST and PORT. An engine on another machine publishes the port on all interfaces, to be reachable. Docker
    has no network with published ports and without outgoing traffic; but the root file system is read-only, and the
    container has no capabilities and can gain no privileges. Raises ProjectError where the image does not start.
    """
    listens = LOOPBACK if host == LOOPBACK else "0.0.0.0"
    published = {"port_bindings": {port: (listens,)}}
    try:
        server = _started(client, image, host, network=published, port=port, variables={"PORT": str(port), **variables})
        if server is not None:
            return server
        reason = "it publishes no ports"
    except ProjectError as error:
        if not any(word in error.message for word in NO_NETWORK):
            raise
        reason = error.message
    log(f"the Docker engine has no bridge; the container uses the machine's network: {reason}")
    local_port = free_port()
    address = {**variables, "HOST": listens, "PORT": str(local_port)}
    server = _started(client, image, host, network={"network_mode": "host"}, port=local_port, variables=address)
    assert server is not None
    return server


def _started(
    client: Any, image: str, host: str, *, network: Mapping[str, Any], port: int, variables: Mapping[str, str]
) -> ContainerServer | None:
    """The server in a container of that network; None where its port was not published."""
    from docker.errors import APIError

    settings = client.create_host_config(
        **network,
        read_only=True,
        tmpfs={"/tmp": "mode=1777"},  # removed with the container
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        log_config={"Type": "json-file", "Config": {"max-size": "16m"}},
    )
    container = ""
    try:
        with answering("create a container"):
            created = client.create_container(
                image, environment=dict(variables), host_config=settings, ports=[port], labels={LABEL: "server"}
            )
            container = str(created["Id"])
        try:
            client.start(container)
        except APIError as error:
            raise ProjectError(f"the image does not start: {error.explanation}", hint=f"image {image}") from error
        with answering("show a container"):
            state = client.inspect_container(container)
        if "network_mode" in network:
            return ContainerServer(client, container, host, port)
        opened = (state["NetworkSettings"].get("Ports") or {}).get(f"{port}/tcp")
        if opened or not state["State"]["Running"]:
            return ContainerServer(client, container, host, int(opened[0]["HostPort"]) if opened else port)
        discard(client, container)
        return None
    except BaseException:
        if container:
            with contextlib.suppress(KitError):
                discard(client, container)
        raise


def discard(client: Any, container: str) -> None:
    """Removes a container, running or not; one that is missing or already being removed is ignored."""
    from docker.errors import APIError

    with answering("remove a container"):
        try:
            client.remove_container(container, force=True, v=True)
        except APIError as error:
            if error.status_code not in (404, 409):
                raise


@contextlib.contextmanager
def ended_already() -> Iterator[None]:
    """Ignores that a container cannot get a signal because it has ended."""
    from docker.errors import APIError

    try:
        yield
    except APIError as error:
        if error.status_code not in (404, 409, 500) or "not running" not in str(error.explanation):
            raise


def memory_of(statistics: Mapping[str, Any]) -> int | None:
    """The peak in bytes where the kernel counts it (cgroups v1); else the current use without reclaimable files."""
    peak, used = statistics.get("max_usage"), statistics.get("usage")
    if isinstance(peak, int) and peak > 0:
        return peak
    if not isinstance(used, int):
        return None
    idle = (statistics.get("stats") or {}).get("inactive_file")
    return used - idle if isinstance(idle, int) and 0 <= idle < used else used
