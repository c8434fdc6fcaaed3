"""The adapter of the Docker engine with a real one: it streams, says why a step failed, and leaves nothing behind."""

from __future__ import annotations

import json
import re
import select
import socket
import socketserver
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pipeline_kit.adapters.docker import engine as docker_engine
from pipeline_kit.adapters.docker.engine import DockerEngine, write_context
from pipeline_kit.contract.serving import EngineBuild
from pipeline_kit.errors import InfrastructureError, KitError, ProjectError
from tests.images.engines import BASE, absent, client, containers, images, ran, without_engine

pytestmark = [pytest.mark.engine, pytest.mark.skipif(bool(absent()), reason=absent())]
NAME = "pipeline-kit/job:of-a-test"
SOCKET = "/var/run/docker.sock"
SERVER = """
import http.server, json, os, signal, sys

class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        told = {"user": os.getuid(), "rights": self.rights(), "writes": self.writes(), "own": os.environ["OWN"]}
        content = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def rights(self):
        return next(line.split()[1] for line in open("/proc/self/status") if line.startswith("CapEff"))

    def writes(self):
        found = []
        for path in ("/x", "/etc/x", "/tmp/x"):
            try:
                open(path, "w").close()
                found.append(path)
            except OSError:
                pass
        return found

signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(5))
print("serving", flush=True)
http.server.HTTPServer((os.environ.get("HOST", "0.0.0.0"), int(os.environ["PORT"])), Answers).serve_forever()
"""


def build_of(context: Path, **more: Any) -> EngineBuild:
    """A build whose steps need no network: an engine that runs in a container has no bridge to give them."""
    return EngineBuild(context, network="none", **more)


def context(folder: Path, *steps: str, base: str = BASE) -> Path:
    """A folder with a Dockerfile of these steps."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Dockerfile").write_text("\n".join([f"FROM {base}", *steps, ""]))
    return folder


def running(lines: list[str]) -> list[str]:
    """The containers that a build has said it runs steps in."""
    return [found[1] for line in lines if (found := re.match(r" ---> Running in (\w+)", line))]


@pytest.fixture
def fixed_name(monkeypatch: pytest.MonkeyPatch) -> str:
    """The name under which the engine keeps what the test builds, so that it can be looked for."""
    monkeypatch.setattr(docker_engine, "new_name", lambda: NAME)
    return NAME


def is_there(image: str) -> bool:
    return bool(client().images(filters={"reference": image}))


def test_the_log_comes_while_the_build_runs(tmp_path: Path) -> None:
    """Line by line: the step that wrote the first line still runs when it arrives, so that it can be killed then."""
    lines: list[str] = []

    def kill_its_step(line: str) -> None:
        lines.append(line)
        if line == f"first {tmp_path.name}":
            client().kill(*running(lines))

    step = f"RUN echo first {tmp_path.name} && sleep 60 && echo second {tmp_path.name}"
    with pytest.raises(ProjectError):
        DockerEngine({}, kill_its_step).build(build_of(context(tmp_path / "context", step)))
    assert f"first {tmp_path.name}" in lines
    assert f"second {tmp_path.name}" not in lines
    assert any(line.startswith("Step 2/2 : RUN echo first") for line in lines)


def test_a_step_that_fails_is_the_projects_with_its_last_lines(tmp_path: Path, fixed_name: str) -> None:
    """Which step, its exit code and what it wrote; nothing of it is left in the engine."""
    lines: list[str] = []
    step = "RUN exec >&2; for number in $(seq 40); do echo line $number; done; echo broken; exit 7"
    with pytest.raises(ProjectError) as error:
        DockerEngine({}, lines.append).build(build_of(context(tmp_path / "context", "RUN echo fine", step)))
    assert error.value.message.startswith("Step 3/3 : RUN exec >&2; for number in")
    assert "returned a non-zero code: 7" in error.value.message
    hint = (error.value.hint or "").splitlines()
    assert hint[0] == "its last lines:" and hint[-2:] == ["line 40", "broken"] and len(hint) == 9
    assert containers(*running(lines)) == [] and len(running(lines)) >= 1
    assert not is_there(fixed_name)


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (["COPY nothing-here /x"], "Step 2/2 : COPY nothing-here /x"),
        (["RUNN x"], "unknown instruction: RUNN"),
        (["USER nobody-at-all", "RUN true"], "unable to find user nobody-at-all"),
    ],
    ids=["no such file", "no such instruction", "no such user"],
)
def test_a_dockerfile_that_is_wrong_is_the_projects(tmp_path: Path, steps: list[str], said: str) -> None:
    """In the engine's own words."""
    with pytest.raises(ProjectError) as error:
        DockerEngine({}, lambda line: None).build(build_of(context(tmp_path / "context", *steps)))
    assert said in error.value.message


def test_a_base_that_nobody_has_is_named(tmp_path: Path) -> None:
    """A registry that is not there is the machine's failure, not the project's."""
    base = "127.0.0.1:9/nothing/here:1"
    with pytest.raises(InfrastructureError, match=r"127\.0\.0\.1:9"):
        DockerEngine({}, lambda line: None).build(build_of(context(tmp_path / "context", base=base)))


@pytest.mark.parametrize("why", [KeyboardInterrupt, SystemExit])
def test_an_interrupted_build_ends_in_the_engine_too(
    tmp_path: Path, fixed_name: str, why: type[BaseException], count: Callable[[str, int], None]
) -> None:
    """In the middle of a step that would go on for minutes: its container is gone when the caller goes on."""
    lines: list[str] = []

    def interrupt(line: str) -> None:
        lines.append(line)
        if line == "begun":
            raise why

    step = f"RUN echo begun && sleep 300 # {tmp_path}"
    with pytest.raises(why):
        DockerEngine({}, interrupt).build(build_of(context(tmp_path / "context", step), labels={"of": fixed_name}))
    assert len(running(lines)) == 1 and containers(*running(lines)) == []
    assert not is_there(fixed_name)  # a step that had run to its end would have left the image
    count("builds in an engine interrupted, and nothing left", 1)


def test_steps_without_a_network_have_none(tmp_path: Path) -> None:
    """Not even by name: the loopback interface is all there is."""
    lines: list[str] = []
    engine = DockerEngine({}, lines.append)
    step = 'RUN ["python3", "-c", "import socket; print(sorted(name for _, name in socket.if_nameindex()))"]'
    image = engine.build(build_of(context(tmp_path / "context", f"RUN true {tmp_path}", step)))
    engine.remove(image)
    assert "['lo']" in lines


def test_labels_and_arguments_are_data(tmp_path: Path) -> None:
    """Whatever they hold, a Dockerfile's own labels lose against them."""
    hostile = "a \"b\" 'c' $HOME ${PATH} `id` $(id) \\ # é {{x}}"
    engine = DockerEngine({}, lambda line: None)
    steps = ["LABEL told=theirs", "ARG GIVEN", "ENV KEPT=${GIVEN}"]
    folder = context(tmp_path / "context", *steps)
    image = engine.build(build_of(folder, labels={"told": hostile, "of": NAME}, arguments={"GIVEN": hostile}))
    found = client().inspect_image(image)["Config"]
    engine.remove(image)
    assert found["Labels"]["told"] == hostile
    assert f"KEPT={hostile}" in found["Env"]
    assert not is_there(image)


def test_what_is_saved_can_be_loaded_and_is_removed(tmp_path: Path) -> None:
    """Two jobs with the same image do not take it from each other."""
    label = f"of={tmp_path.name}"
    folder = context(tmp_path / "context", base="scratch")
    (folder / "file").write_text(str(tmp_path))
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY file /file\n")
    one, other = (DockerEngine({}, lambda line: None) for _ in range(2))
    first = one.build(build_of(folder, labels=dict([label.split("=")])))
    archive = tmp_path / "image.tar"
    one.save(first, archive)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    second = other.load(archive)
    assert second == first
    one.remove(first)
    assert len(images(label)) == 1
    other.remove(second)
    other.remove(second)
    assert images(label) == []
    assert other.load(archive) == first
    other.remove(first)
    assert images(label) == []


def test_an_archive_that_is_none_is_refused(tmp_path: Path) -> None:
    """Cut off, empty, or something else: nothing is taken for an image."""
    for number, content in enumerate((b"", b"no tar", b"\0" * 10240)):
        archive = tmp_path / f"{number}.tar"
        archive.write_bytes(content)
        with pytest.raises(KitError):
            DockerEngine({}, lambda line: None).load(archive)


def test_an_image_that_the_engine_does_not_have_is_named(tmp_path: Path) -> None:
    """Nothing half written is left of the archive."""
    with pytest.raises(KitError, match=r"save the image: .*0000"):
        DockerEngine({}, lambda line: None).save("sha256:" + "0" * 64, tmp_path / "image.tar")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def server_image(tmp_path: Path) -> Iterator[tuple[DockerEngine, str]]:
    """An image of a small server, and the engine that has it."""
    folder = context(
        tmp_path / "context", "COPY server.py /server.py", "USER 10001:10001", 'ENTRYPOINT ["python3", "/server.py"]'
    )
    (folder / "server.py").write_text(SERVER)
    engine = DockerEngine({}, lambda line: None)
    image = engine.build(build_of(folder, labels={"of": tmp_path.name}))
    yield engine, image
    engine.remove(image)
    assert images(f"of={tmp_path.name}") == []


def test_a_server_runs_without_rights_and_is_gone_when_stopped(server_image: tuple[DockerEngine, str]) -> None:
    """No root, no capability, a file system that only /tmp of can be written; stopping it twice changes nothing."""
    engine, image = server_image
    server = engine.serve(image, port=8000, variables={"OWN": "of the test"})
    deadline = time.monotonic() + 30
    answer = None
    while answer is None and time.monotonic() < deadline:
        answer = server.ask("GET", "/")
    assert answer is not None and answer.status == 200
    assert json.loads(answer.body) == {
        "user": 10001, "rights": "0" * 16, "writes": ["/tmp/x"], "own": "of the test",
    }  # fmt: skip
    assert server.alive() and "serving" in server.lines()
    assert (server.memory_bytes() or 0) > 1 << 20
    assert listening_on_loopback_only(server.port)
    assert (server.stop(), server.stop()) == (5, 5)
    assert "serving" in server.lines() and not server.alive()
    assert containers(server.container) == []
    assert server.ask("GET", "/") is None


def listening_on_loopback_only(port: int) -> bool:
    """Whether nothing but the loopback interface takes connections on the port."""
    places = set()
    for name in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]:
            address, state = line.split()[1], line.split()[3]
            if state == "0A" and int(address.rpartition(":")[2], 16) == port:
                places.add(address.rpartition(":")[0])
    return places == {"0100007F"}


def test_an_image_that_does_not_start_is_the_projects(tmp_path: Path) -> None:
    """Its container does not stay."""
    engine = DockerEngine({}, lambda line: None)
    folder = context(tmp_path / "context", 'ENTRYPOINT ["/no/such/program"]')
    image = engine.build(build_of(folder, labels={"of": tmp_path.name}))
    try:
        with pytest.raises(ProjectError, match=r"the image does not start: .*/no/such/program"):
            engine.serve(image, port=8000, variables={})
        found = ran("docker", "ps", "--all", "--quiet", "--filter", f"ancestor={image}")
    finally:
        engine.remove(image)
    assert found == ""


@pytest.mark.parametrize("place", ["unix:///none/engine.sock", "tcp://127.0.0.1:9", "ssh:"])
def test_no_engine_is_the_machines_failure_with_a_hint(tmp_path: Path, place: str) -> None:
    """Whatever is asked of it; the hint names what needs none."""
    folder = context(tmp_path / "context")
    engine = DockerEngine({"DOCKER_HOST": place}, lambda line: None)
    asked: dict[str, Callable[[], object]] = {
        "build": lambda: engine.build(build_of(folder)),
        "load": lambda: engine.load(folder / "Dockerfile"),
        "save": lambda: engine.save("x", tmp_path / "x"),
        "serve": lambda: engine.serve("x", port=1, variables={}),
    }
    with without_engine():
        said = {name: refusal(call) for name, call in asked.items()}
    assert set(said) == set(asked) and len(set(said.values())) == 1
    (message, hint), *_ = said.values()
    assert place in message and "DOCKER_HOST" in hint and "layers" in hint


def refusal(call: Callable[[], object]) -> tuple[str, str]:
    """Message and hint of the failure of infrastructure that a call ends in."""
    try:
        call()
    except InfrastructureError as error:
        return error.message, error.hint or ""
    raise AssertionError("it did not fail")


class CutOff(socketserver.BaseRequestHandler):
    """Carries a connection to the engine, and ends it as soon as the engine has said something."""

    after: bytes
    over: threading.Event

    def handle(self) -> None:
        said = b""
        with socket.socket(socket.AF_UNIX) as engine:
            engine.connect(SOCKET)
            other = {self.request: engine, engine: self.request}
            while not self.over.is_set() and self.after not in said:
                for source in select.select(list(other), [], [], 0.1)[0]:
                    piece = source.recv(65536)
                    if not piece:
                        return
                    other[source].sendall(piece)
                    said = (said + piece)[-65536:] if source is engine else said


@contextmanager
def cut_off(after: bytes) -> Iterator[str]:
    """The address of an engine whose connections end as soon as it has said that."""
    over = threading.Event()
    handler = type("CutOffHere", (CutOff,), {"after": after, "over": over})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"tcp://127.0.0.1:{server.server_address[1]}"
        finally:
            over.set()
            server.shutdown()
            thread.join()


def test_an_engine_that_goes_away_in_the_middle_is_the_machines_failure(tmp_path: Path) -> None:
    """The connection breaks while a step runs: exit code 3, not a fault of the project or of the kit."""
    lines: list[str] = []
    step = f"RUN echo begun && sleep 20 # {tmp_path}"
    with cut_off(b'"begun') as place, pytest.raises(InfrastructureError, match="the Docker engine failed to build"):
        DockerEngine({"DOCKER_HOST": place}, lines.append).build(build_of(context(tmp_path / "context", step)))
    wait_until_gone(running(lines))


def wait_until_gone(names: list[str]) -> None:
    """Returns when the engine, which has seen the connection break, has removed the containers."""
    deadline = time.monotonic() + 60
    while containers(*names) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert containers(*names) == []


def test_the_context_is_the_same_bytes_for_the_same_files(tmp_path: Path) -> None:
    """Whatever their times, their order or their umask; a file that is declared twice is whole both times."""
    archives = []
    for number, umask in enumerate((0o022, 0o077)):
        folder = tmp_path / f"{number}"
        folder.mkdir(mode=0o777 & ~umask)
        for name in ("b", "a") if number else ("a", "b"):
            (folder / name).write_text(name)
            (folder / name).chmod(0o666 & ~umask)
        (folder / "c").hardlink_to(folder / "a")
        target = tmp_path / f"{number}.tar"
        with target.open("w+b") as file:
            write_context(folder, file)
        archives.append(target.read_bytes())
        with tarfile.open(target) as archive:
            member = archive.extractfile("c")
            assert member is not None and member.read() == b"a"
    assert archives[0] == archives[1]
