"""TLS to a registry: verified, by the machine's authorities or a named one, unless the descriptor names the host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from pipeline_kit.adapters.registry import HttpRegistries
from pipeline_kit.errors import InfrastructureError
from tests.deploy.faulty_server import write_certificate
from tests.images.faulty_registry import Fault, Plan, faulty_registry
from tests.images.pushing import RETRY, TIMEOUTS
from tests.images.registry import Registry, running_registry

pytestmark = pytest.mark.registry


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Registry, Path]]:
    """A registry whose certificate signs itself, and that certificate."""
    folder = tmp_path_factory.mktemp("secured")
    certificate, key = write_certificate(folder)
    with running_registry(folder, f"  tls: {{certificate: {certificate}, key: {key}}}") as found:
        yield found, certificate


def tags(host: str, cache: Path, variables: Mapping[str, str], *insecure: str) -> tuple[str, ...]:
    variables = {"HOME": str(cache), **variables}
    known = HttpRegistries(variables, insecure, cache, lambda line: None, retry=RETRY, timeouts=TIMEOUTS)
    return known.repository(f"{host}/team/none").tags()


def test_a_certificate_that_nobody_vouches_for_is_refused_at_once(
    secured: tuple[Registry, Path], tmp_path: Path
) -> None:
    """No try is repeated: it would be refused again; the hint names both ways out."""
    with pytest.raises(InfrastructureError, match="its certificate is not trusted: self") as caught:
        tags(secured[0].host, tmp_path, {})
    assert "REQUESTS_CA_BUNDLE" in str(caught.value.hint)
    assert f"list {secured[0].host} under `insecure`" in str(caught.value.hint)


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_the_usual_variables_name_an_authority(variable: str, secured: tuple[Registry, Path], tmp_path: Path) -> None:
    """Those of requests, curl and OpenSSL."""
    registry, certificate = secured
    assert tags(registry.host, tmp_path, {variable: str(certificate)}) == ()


def test_a_file_of_authorities_that_is_not_there_is_said_so(secured: tuple[Registry, Path], tmp_path: Path) -> None:
    """It is no traceback."""
    with pytest.raises(InfrastructureError, match="cannot be sent: OSError"):
        tags(secured[0].host, tmp_path, {"REQUESTS_CA_BUNDLE": str(tmp_path / "missing")})


def test_a_certificate_of_another_host_is_refused(secured: tuple[Registry, Path], tmp_path: Path) -> None:
    """The authority is known; the name is not the one that was asked for."""
    registry, certificate = secured
    with pytest.raises(InfrastructureError, match="not trusted: Hostname mismatch"):
        tags(f"localhost:{registry.port}", tmp_path, {"SSL_CERT_FILE": str(certificate)})


def test_a_host_named_insecure_is_spoken_to_over_tls_all_the_same(
    secured: tuple[Registry, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With another authority in the environment too, which must not lead to plain HTTP."""
    registry, _ = secured
    (tmp_path / "other").mkdir()
    other, _ = write_certificate(tmp_path / "other")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other))
    assert tags(registry.host, tmp_path, {"REQUESTS_CA_BUNDLE": str(other)}, registry.host) == ()


def test_naming_one_host_insecure_says_nothing_of_another(secured: tuple[Registry, Path], tmp_path: Path) -> None:
    """A host without its port is another host."""
    with pytest.raises(InfrastructureError, match="not trusted"):
        tags(secured[0].host, tmp_path, {}, "127.0.0.1", "registry.example")


def test_plain_http_is_spoken_only_where_the_host_is_named(registry: Registry, tmp_path: Path) -> None:
    """The loopback interface is no exception: the descriptor says what is trusted."""
    with pytest.raises(InfrastructureError, match=registry.host):
        tags(registry.host, tmp_path, {})
    assert tags(registry.host, tmp_path, {}, registry.host) == ()


def test_a_registry_cannot_lead_away_from_tls(registry: Registry, tmp_path: Path) -> None:
    """A redirect to plain HTTP on another host is not followed."""
    plan = Plan((Fault("redirect", "GET", "tags", "http://elsewhere.example/v2/"),))
    with (
        faulty_registry(registry.port, plan) as proxy,
        pytest.raises(InfrastructureError, match=r"it redirects to http://elsewhere\.example, without TLS"),
    ):
        tags(proxy, tmp_path, {}, proxy)


def test_a_connection_lost_at_first_does_not_turn_tls_off(secured: tuple[Registry, Path], tmp_path: Path) -> None:
    """An insecure host that speaks TLS and loses the first connection is asked again over TLS."""
    from tests.images.registry_tunnel import tunnel

    with tunnel(secured[0].port, lost=1) as (host, first_bytes):
        assert tags(host, tmp_path, {}, host) == ()
    assert first_bytes[0] == first_bytes[-1] == 0x16
