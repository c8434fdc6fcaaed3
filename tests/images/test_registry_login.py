"""Whose login a registry gets, in which order, and that nobody ever reads it in a message."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from pipeline_kit.adapters.registry import helper
from pipeline_kit.adapters.registry.credentials import Credentials
from pipeline_kit.contract.login import Login
from pipeline_kit.errors import InfrastructureError, UsageError
from pipeline_kit.servers.login import server_login
from tests.images.faulty_registry import Fault, Plan, faulty_registry, served
from tests.images.pushing import Push, registries, whole
from tests.images.registry import Registry
from tests.images.test_push_faults import layers
from tests.images.test_registry import make_image

HOST = "registry.example:5000"
PASSWORD = "correct horse battery"
JOB = {"PIPELINE_KIT_SECRET_R_USERNAME": "job", "PIPELINE_KIT_SECRET_R_PASSWORD": PASSWORD}
GITLAB = {"CI_REGISTRY": HOST, "CI_REGISTRY_USER": "ci", "CI_REGISTRY_PASSWORD": PASSWORD}
TOKEN = {"CI_REGISTRY": HOST, "CI_JOB_TOKEN": PASSWORD}


def docker(folder: Path, document: object) -> dict[str, str]:
    """The variables of a machine with that configuration of Docker's."""
    (folder / "docker").mkdir(exist_ok=True)
    (folder / "docker" / "config.json").write_text(document if isinstance(document, str) else json.dumps(document))
    return {"DOCKER_CONFIG": str(folder / "docker"), "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}


def auth(name: str, password: str = PASSWORD) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{name}:{password}".encode()).decode()}


def program(folder: Path, text: str) -> None:
    """A credential helper `fake` that runs these lines of shell; `$host` is what it was told."""
    (folder / "bin").mkdir(exist_ok=True)
    path = folder / "bin" / "docker-credential-fake"
    path.write_text(f'#!/bin/sh\ntest "$1" = get || exit 9\nread -r host\n{text}\n')
    path.chmod(0o755)


ANSWER = f"""printf '{{"ServerURL":"%s","Username":"helped","Secret":"{PASSWORD}"}}' "$host" """


def test_the_order_is_job_then_gitlab_then_docker(tmp_path: Path) -> None:
    """A secret of the job, then GitLab's variables for GitLab's own registry, then Docker's configuration."""
    of_docker = docker(tmp_path, {"auths": {HOST: auth("docker")}})
    login = Login("", PASSWORD)
    for variables, name in (
        ({**of_docker, **GITLAB, **JOB}, "job"),
        ({**of_docker, **GITLAB}, "ci"),
        ({**of_docker, **GITLAB, "CI_JOB_TOKEN": "other"}, "ci"),
        ({**of_docker, **TOKEN}, "gitlab-ci-token"),
        (of_docker, "docker"),
    ):
        assert Credentials(variables, server_login=server_login()).login(HOST) == Login(name, login.password)
    assert Credentials({**GITLAB, **TOKEN}, server_login=server_login()).login("other.example") is None


def test_two_secrets_are_no_login(tmp_path: Path) -> None:
    """Which one is meant cannot be known."""
    second = {"PIPELINE_KIT_SECRET_S_USERNAME": "x", "PIPELINE_KIT_SECRET_S_PASSWORD": "y"}
    assert Credentials({**JOB, **second, "HOME": str(tmp_path)}).login(HOST) is None


@pytest.mark.parametrize(
    ("document", "found"),
    [
        ({"auths": {HOST: auth("a", "with:colon")}}, Login("a", "with:colon")),
        ({"auths": {f"https://{HOST}/v1/": auth("old")}}, Login("old", PASSWORD)),
        ({"auths": {HOST: {"identitytoken": PASSWORD}}}, Login(identity_token=PASSWORD)),
        ({"auths": {HOST: {"username": "n", "password": "p"}}}, Login("n", "p")),
        ({"auths": {HOST: {}}}, None),
        ({"auths": {"registry.example": auth("other port")}}, None),
        ({"auths": {HOST: auth("a")}, "credHelpers": {HOST: "fake"}}, Login("helped", PASSWORD)),
        ({"auths": {HOST: {}}, "credsStore": "fake"}, Login("helped", PASSWORD)),
        ({"credHelpers": {"other.example": "fake"}}, None),
        ({}, None),
    ],
    ids=str,
)
def test_docker_s_configuration_is_read_as_docker_does(document: object, found: Login | None, tmp_path: Path) -> None:
    """Entries, whole addresses of older tools, identity tokens and helpers."""
    program(tmp_path, ANSWER)
    assert Credentials(docker(tmp_path, document)).login(HOST) == found


@pytest.mark.parametrize(
    "document", ["no json", "[]", '{"auths": []}', json.dumps({"auths": {HOST: {"auth": "%%"}}}), "[" * 5000]
)
def test_a_damaged_configuration_is_said_so(document: str, tmp_path: Path) -> None:
    """By its path."""
    with pytest.raises(UsageError, match=r"config.json is not a valid Docker configuration"):
        Credentials(docker(tmp_path, document)).login(HOST)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"echo 'it is {PASSWORD}' >&2; exit 1", "exit code 1"),
        (f"echo '{PASSWORD} and no JSON'", "its output is not a login"),
        (f"""echo '{{"Secret": "{PASSWORD}"}}'""", "its output is not a login"),
        (f"""echo '["{PASSWORD}"]'""", "its output is not a login"),
        ("printf '\\377\\376'", "its output is not a login"),
        ('sleep 60; touch "$DOCKER_CONFIG/slept"', "no answer in 0.3 s"),
        ('(sleep 60; touch "$DOCKER_CONFIG/slept") & exit 0', "no answer in 0.3 s"),
    ],
)
def test_a_helper_that_fails_is_passed_over_and_told(
    text: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a word of what it said, and soon; the entry in `auths` counts then."""
    monkeypatch.setattr(helper, "SECONDS", 0.3)
    program(tmp_path, text)
    lines: list[str] = []
    variables = docker(tmp_path, {"auths": {HOST: auth("entry")}, "credsStore": "fake"})
    assert Credentials(variables, lines.append).login(HOST) == Login("entry", PASSWORD)
    assert not (tmp_path / "docker" / "slept").exists()  # it was ended, not waited for
    assert len(lines) == 1
    assert why in lines[0]
    assert PASSWORD not in lines[0]


def test_a_helper_that_knows_no_login_is_no_failure(tmp_path: Path) -> None:
    """It says so with exit code 1; nothing is told. A helper that is missing is."""
    program(tmp_path, "echo 'credentials not found in native keychain'; exit 1")
    lines: list[str] = []
    assert Credentials(docker(tmp_path, {"credsStore": "fake"}), lines.append).login(HOST) is None
    assert lines == []
    assert Credentials(docker(tmp_path, {"credsStore": "absent"}), lines.append).login(HOST) is None
    assert "No such file" in lines[0]
    assert Credentials(docker(tmp_path, {"credsStore": "../bin/x"}), lines.append).login(HOST) is None


def test_a_helper_is_asked_once(tmp_path: Path) -> None:
    """However many scopes and threads want its answer."""
    program(tmp_path, f"echo x >> {tmp_path}/asked; {ANSWER}")
    found = Credentials(docker(tmp_path, {"credsStore": "fake"}))
    assert {found.login(HOST) for _ in range(5)} == {Login("helped", PASSWORD)}
    assert (tmp_path / "asked").read_text() == "x\n"


class TokenServer(BaseHTTPRequestHandler):
    """A token server: gives what `answers` has, in turn, and keeps what it was asked."""

    answers: Iterator[tuple[int, bytes]]
    asked: list[tuple[str, Mapping[str, list[str]]]]

    def do_GET(self) -> None:
        type(self).asked.append((self.headers.get("Authorization", ""), parse_qs(urlsplit(self.path).query)))
        status, content = next(type(self).answers)
        self.send_response_only(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        """Logs nothing."""


def token_server(*answers: tuple[int, bytes]) -> type[TokenServer]:
    def forever() -> Iterator[tuple[int, bytes]]:
        yield from answers
        while True:
            yield answers[-1]

    return type("Made", (TokenServer,), {"answers": forever(), "asked": []})


def challenges(realm: str, method: str, path: str, **more: int) -> Fault:
    return Fault("status", method, path, f'401 WWW-Authenticate: Bearer realm="{realm}",service="s"', **more)


@pytest.mark.registry
def test_a_token_that_expires_is_asked_for_again(registry: Registry, tmp_path: Path) -> None:
    """In the middle of a push; each scope is a value of its own."""
    made = token_server((200, b'{"token": "first"}'), (200, b'{"access_token": "second"}'))
    layout, image = make_image(tmp_path / "image", *layers("tokens", 500))
    with served(made) as realm:
        plan = Plan()
        with faulty_registry(registry.port, plan) as proxy:
            url = f"http://{realm}/token"
            plan.faults = (challenges(url, "HEAD", "blobs"), challenges(url, "PUT", "manifests"))
            Push(tmp_path / "job", f"{proxy}/login/tokens", layout, image, variables=JOB).run()
    assert whole(registry, "login/tokens")["latest"] == image.digest
    used = {login for _, _, login in plan.seen}
    assert {"Bearer first", "Bearer second"} <= used
    basic = "Basic " + base64.b64encode(f"job:{PASSWORD}".encode()).decode()
    assert {login for login, _ in made.asked} == {basic}
    assert made.asked[-1][1]["scope"] == ["repository:login/tokens:pull,push"]
    assert not any(PASSWORD in path or "first" in path for _, path, _ in plan.seen)


@pytest.mark.registry
@pytest.mark.parametrize(
    "answer",
    [
        (200, b"<html>"),
        (200, b"[]"),
        (200, b'{"token": 5}'),
        (200, b'{"token": "a\\r\\nX-Evil: 1"}'),
        (200, b'{"token": "wrong-token-wrong"}'),
        (200, b" " * (5 << 20)),
        (302, b""),
        (401, b'{"errors": [{"message": "no"}]}'),
        (500, b""),
    ],
    ids=lambda answer: f"{answer[0]} {answer[1][:20]!r}",
)
def test_a_token_that_is_none_ends_with_a_clear_error(
    answer: tuple[int, bytes], registry: Registry, tmp_path: Path
) -> None:
    """Exit code 3, and neither password nor token in it."""
    made = token_server(answer)
    plan = Plan()
    with served(made) as realm, faulty_registry(registry.port, plan) as proxy:
        plan.faults = (challenges(f"http://{realm}/token", "GET", "tags", times=1000),)
        target = registries({"HOME": str(tmp_path), **JOB}, proxy, tmp_path).repository(f"{proxy}/login/none")
        with pytest.raises(InfrastructureError) as caught:
            target.tags()
    text = f"{caught.value.message} {caught.value.hint}"
    assert PASSWORD not in text
    assert "wrong-token" not in text
    assert "X-Evil" not in text


@pytest.mark.registry
def test_a_realm_on_another_host_without_tls_gets_no_login(registry: Registry, tmp_path: Path) -> None:
    """An insecure host's word counts for itself alone."""
    plan = Plan((challenges("http://elsewhere.example/token", "GET", "tags", times=1000),))
    with faulty_registry(registry.port, plan) as proxy:
        target = registries({"HOME": str(tmp_path), **JOB}, proxy, tmp_path).repository(f"{proxy}/login/none")
        with pytest.raises(InfrastructureError, match="demands the login without TLS"):
            target.tags()


@pytest.mark.registry
def test_what_a_registry_repeats_of_a_login_is_struck_out(registry: Registry, tmp_path: Path) -> None:
    """A registry that prints the request's headers in its error, and writes to terminals."""
    plan = Plan((Fault("status", "GET", "tags", '401 WWW-Authenticate: Basic realm="x"'), Fault("echo", "GET", "tags")))
    with faulty_registry(registry.port, plan) as proxy:
        target = registries({"HOME": str(tmp_path), **JOB}, proxy, tmp_path).repository(f"{proxy}/login/none")
        with pytest.raises(InfrastructureError, match=r"403 \[31myou sent Basic \*\*\*") as caught:
            target.tags()
    assert "\x1b" not in caught.value.message
