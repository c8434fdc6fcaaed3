"""The comparison of images is fair and counts honestly; nothing here is timed."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks import images
from benchmarks.image_builders import Buildah, counted, mounted_at
from benchmarks.image_engine import DockerClient, builds_with_buildkit, docker_client, read_bytes
from benchmarks.image_projects import make_content
from benchmarks.image_servers import Counter, free_port
from benchmarks.images import KIT, Change, Cost, compared, costs_of, first_images, rows
from benchmarks.scale import TINY, Scale

CODE = Change("a line of code", 10_000, lambda number: None)


class Told:
    """A builder that notes what is asked of it."""

    def __init__(self, name: str, log: list[str], works: bool = True) -> None:
        self.name, self.log, self.works = name, log, works

    def forget(self) -> None:
        """Noted."""
        self.log.append(f"{self.name} forgets")

    def prepare(self) -> None:
        """Not noted."""

    def build(self) -> int:
        """Noted; reads 7 bytes."""
        if not self.works:
            raise RuntimeError("no engine")
        self.log.append(f"{self.name} builds")
        return 7


def cost(seconds: float, sent: int = 10_000) -> Cost:
    """Of so many seconds."""
    return Cost(seconds, 1, sent)


def test_a_cold_build_forgets_first_and_a_warm_one_does_not() -> None:
    """Each tool in turn, every other round beginning with the last of them."""
    log: list[str] = []
    builders = {name: Told(name, log) for name in (KIT, "buildah")}
    costs = costs_of(CODE, builders, Counter(0), Scale(image_rounds=2))
    one, other = ["kit forgets", "kit builds"], ["buildah forgets", "buildah builds"]
    assert log == [*one, *other, "kit builds", "buildah builds", *other, *one, "buildah builds", "kit builds"]
    assert {key: len(each) for key, each in costs.items()} == {
        (name, cold): 2 for name in builders for cold in (True, False)
    }


def test_no_round_begins_when_the_time_is_up() -> None:
    """On a busy machine there are fewer, and at least one."""
    log: list[str] = []
    costs_of(CODE, {KIT: Told(KIT, log)}, Counter(0), Scale(image_rounds=9, image_seconds=0))
    assert log == ["kit forgets", "kit builds", "kit builds"]


def test_docker_with_a_cache_of_its_own_is_measured_cold_only() -> None:
    """Warm it has no need to ask; its one figure is compared with the kit's of the same round."""
    log: list[str] = []
    costs_of(CODE, {KIT: Told(KIT, []), images.FROM_CACHE: Told("asking", log)}, Counter(0), Scale(image_rounds=2))
    assert log == ["asking forgets", "asking builds"]
    found = rows(
        CODE, {(KIT, True): [cost(1), cost(5)], (KIT, False): [cost(1)], (images.FROM_CACHE, True): [cost(4)]}, []
    )
    assert [row.ratio for row in found if images.FROM_CACHE in row.what] == ["0.25 times"]


def test_the_targets_are_the_layer_a_tenth_of_cold_and_no_more_than_warm() -> None:
    """A cold agent is compared with a cold one, a warm with a warm; the ratio is the median of the pairs'."""
    costs = {
        (KIT, True): [cost(1), cost(9), cost(1)],
        (KIT, False): [cost(3, sent=300_000)] * 3,
        ("buildah", True): [cost(10), cost(90), cost(20)],
        ("buildah", False): [cost(2)] * 3,
    }
    found = {row.what: row for row in rows(CODE, costs, ["buildah"])}
    assert found["bytes sent for a line of code, cold"].met is True
    assert found["bytes sent for a line of code, warm"].met is False
    cold = found["a line of code into the registry, cold, to buildah, cold"]
    warm = found["a line of code into the registry, warm, to buildah, warm"]
    assert (cold.ratio, cold.met) == ("0.10 times", True)
    assert (warm.ratio, warm.met) == ("1.50 times", False)
    assert compared("the first", [cost(1)], [cost(2)]).met is None


def test_a_peer_that_fails_here_is_named_and_the_kit_may_not(capsys: pytest.CaptureFixture[str]) -> None:
    """Why is printed and not written: it may name places of the machine."""
    builders = {KIT: Told(KIT, []), "docker": Told("docker", [], works=False)}
    assert list(first_images(builders, Counter(0))) == [KIT]
    assert "docker cannot build on this machine: no engine" in capsys.readouterr().err
    assert images.broken("docker").note == "docker cannot build and push on this machine"
    with pytest.raises(RuntimeError, match="no engine"):
        first_images({KIT: Told(KIT, [], works=False)}, Counter(0))


def test_bytes_sent_are_counted_on_the_way_and_answers_are_not() -> None:
    """Whatever a client sends through the counter, and nothing of what comes back."""
    with listening(answer=b"x" * 300) as port, socket.create_server(("127.0.0.1", 0)) as server:
        counter = Counter(port, server.getsockname()[1])
        threading.Thread(target=counter.open, args=(server,), daemon=True).start()
        with socket.create_connection(("127.0.0.1", counter.port)) as client:
            client.sendall(b"y" * 1_000_000)
            client.shutdown(socket.SHUT_WR)
            back = b"".join(iter(lambda: client.recv(1 << 16), b""))
    assert (counter.sent, len(back)) == (1_000_000, 300)


def test_bytes_read_are_those_of_all_commands_and_of_what_they_start(tmp_path: Path) -> None:
    """Two commands that read a file of a million bytes, one of them in a child."""
    (tmp_path / "file").write_bytes(b"z" * 1_000_000)
    script = "open('file', 'rb').read()"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {script!r}], check=True)"
    nothing = counted([[sys.executable, "-c", "pass"]] * 2, tmp_path, {})
    read = counted([[sys.executable, "-c", script], [sys.executable, "-c", child]], tmp_path, {})
    assert 2_000_000 <= read - nothing < 3_000_000


def test_a_server_s_bytes_count_with_those_of_its_children() -> None:
    """Also of children that are still there."""
    script = (
        "import subprocess, sys; from subprocess import PIPE, DEVNULL;"
        "words = ['sh', '-c', 'head -c 5000000 /dev/zero >&2; echo; read line'];"
        "child = subprocess.Popen(words, stdin=PIPE, stdout=PIPE, stderr=DEVNULL); child.stdout.readline();"
        "print(flush=True); sys.stdin.readline(); child.stdin.close(); child.wait()"
    )
    words = [sys.executable, "-c", script]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert read_bytes(process.pid) > 5_000_000
        process.communicate(b"\n")


def test_the_client_that_builds_with_buildkit_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A newer client without buildx is passed over for an older one that needs none."""
    new, old = tmp_path / "new", tmp_path / "old"
    program(new / "docker", 'test "$1" = --version && echo "Docker version 28.2.2, build e6534b4"')
    program(old / "docker", 'test "$1" = --version && echo "Docker version 20.10.24+dfsg1, build 297e128"')
    monkeypatch.setenv("PATH", f"{new}:{old}")
    for name in ("dockerd", "ip"):
        program(old / name, "true")
    assert docker_client() == DockerClient(str(old / "docker"), buildkit=True)
    assert not builds_with_buildkit(str(new / "docker"))


def test_a_fresh_agent_s_buildah_knows_no_registry(tmp_path: Path) -> None:
    """Where it remembers which registry has what is outside of its storage, and is empty all the same."""
    content = make_content(tmp_path / "content", 1, 1)
    buildah = Buildah(content, "127.0.0.1:1/image", tmp_path / "storage")
    buildah.forget()
    place = tmp_path / "place"
    (tmp_path / "storage" / "known" / "seen").touch()
    words = mounted_at(tmp_path / "storage" / "known", str(place))
    if words:
        done = subprocess.run([*words, "ls", str(place)], capture_output=True, text=True, check=True)
        assert (done.stdout.split(), list(place.iterdir())) == (["seen"], [])
    assert buildah.variables()["XDG_DATA_HOME"] == str(tmp_path / "storage" / "known")


def test_all_tools_get_the_same_bytes(tmp_path: Path) -> None:
    """The wheel, the folder beside it and the package hold the same library, model and line."""
    content = make_content(tmp_path / "content", TINY.dependency_megabytes, TINY.model_megabytes)
    library = (content.context / "packages" / "big_dependency" / "library.bin").read_bytes()
    assert len(library) == TINY.dependency_megabytes * 1_000_000
    with zipfile.ZipFile(next((content.folder / "wheels").iterdir())) as wheel:
        assert wheel.read("big_dependency/library.bin") == library
    package = content.package.read_bytes()
    assert content.model.read_bytes() in package
    assert content.code.read_bytes() in package


def program(path: Path, script: str) -> None:
    """A command of one line."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@contextmanager
def listening(answer: bytes) -> Iterator[int]:
    """The port of a server that reads all that one client sends, and answers."""
    with socket.create_server(("127.0.0.1", free_port())) as server:

        def serve() -> None:
            client, _ = server.accept()
            with client:
                while client.recv(1 << 16):
                    pass
                client.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield int(server.getsockname()[1])
