"""Requests to one registry host: verified TLS, login, retries, and errors that name the request and the answer."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

from pipeline_kit.adapters.http import RETRIED, Timeouts, retry_after
from pipeline_kit.adapters.registry.credentials import Credentials
from pipeline_kit.adapters.registry.response import FAILED, RegistryResponse, one_line, path_of, plain, read_answer
from pipeline_kit.contract.login import Login
from pipeline_kit.errors import InfrastructureError
from pipeline_kit.retry import Retry

REDIRECTS = frozenset({301, 302, 303, 307, 308})
MOST_REDIRECTS = 5
CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
UNTRUSTED = "CERTIFICATE_VERIFY_FAILED"
NEEDS_LOGIN = (
    "give the job a secret of type username_password, or run docker login; check what that account may do there"
)
RESUMES = "run the same command again: it resumes from here"
RETRY = Retry(first_seconds=0.5, longest_seconds=30.0, tries=6, jitter=0.2)
"""Without a limit on the total time: one try may move a large blob, which takes as long as it takes."""
TIMEOUTS = Timeouts(connect_seconds=10.0, read_seconds=60.0)


@dataclass(frozen=True, slots=True)
class Request:
    """A request; a callable `body` is called for the body of every try."""

    method: str
    place: str
    scope: str
    headers: dict[str, str]
    body: Any


class NoNetrc(requests.auth.AuthBase):
    """Adds nothing: without an explicit `auth`, requests would send the login that ~/.netrc has for the host."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request unchanged."""
        return request


@dataclass
class Transport:
    """The connection to a host. `insecure` allows HTTPS without verification, else plain HTTP, as Docker does.

    `authority` is a file of certificates that replaces those that the machine trusts.
    """

    host: str
    credentials: Credentials
    insecure: bool = False
    retry: Retry = RETRY
    timeouts: Timeouts = TIMEOUTS
    authority: str | None = None
    session: requests.Session = field(default_factory=requests.Session)
    tokens: dict[str, str] = field(default_factory=dict)  # scope to the value of `Authorization`
    base: str | None = None

    def __post_init__(self) -> None:
        self.session.auth = NoNetrc()
        self.session.headers["User-Agent"] = "pipeline-kit"
        if self.insecure:  # the descriptor allows it: a warning at each request would be noise
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

    def request(
        self,
        method: str,
        place: str,
        *,
        scope: str,
        headers: Mapping[str, str] | None = None,
        body: Callable[[], Any] | bytes | None = None,
        stream: bool = False,
        tries: int | None = None,
    ) -> RegistryResponse:
        """The answer of a request, retried while it fails for a passing reason.

        `place` is a path, or an address from a header. `tries=1` returns every status: such a caller retries by
        itself, with work of its own between two tries. Raises InfrastructureError when all tries have failed.
        """
        last = ""
        for attempt in self.retry.attempts(tries):
            request = Request(method, place, scope, dict(headers or {}), body)
            try:
                answer = read_answer(self._authorised(request), stream=stream)
            except FAILED as error:
                last = plain(error)
                if UNTRUSTED in str(error):
                    raise self._untrusted(method, place, error) from error
            except ValueError as error:  # an address, a header or a document; its text is not shown
                raise self.failed(method, place, f"its answer is malformed: {type(error).__name__}") from error
            except OSError as error:  # such as a file of authorities that is missing
                raise self.failed(method, place, f"the request cannot be sent: {type(error).__name__}") from error
            else:
                if answer.status_code not in RETRIED or tries == 1:
                    return answer
                last, attempt.retry_after_seconds = answer.message(), retry_after(answer.headers)
        raise self.failed(method, place, last)

    def failed(self, method: str, place: str, what: str) -> InfrastructureError:
        """The error of a request that failed; secrets are struck from the server's message."""
        text = f"{self.host} failed: {method} {path_of(place)}: {what}"
        for secret in (*self.credentials.secrets(), *self.tokens.values()):
            text = text.replace(secret.removeprefix("Bearer ").removeprefix("Basic "), "***")
        return InfrastructureError(text, hint=RESUMES)

    def refused(self, method: str, place: str, answer: RegistryResponse) -> InfrastructureError:
        """The error of an answer with an unexpected status."""
        error = self.failed(method, place, answer.message())
        if answer.status_code in (401, 403):
            error.hint = NEEDS_LOGIN
        return error

    def _untrusted(self, method: str, place: str, cause: Exception) -> InfrastructureError:
        why = re.search(r"certificate verify failed:? ?([^(\"']*)", str(cause))
        reason = one_line(why.group(1)) if why else ""
        error = self.failed(method, place, f"its certificate is not trusted{': ' if reason else ''}{reason}")
        error.hint = (
            "set REQUESTS_CA_BUNDLE or SSL_CERT_FILE to a file with its authority's certificate, "
            f"or list {self.host} under `insecure` in the descriptor"
        )
        return error

    def _authorised(self, request: Request) -> requests.Response:
        """The answer of a request with the registry's login, which is fetched when it is first demanded."""
        if request.scope in self.tokens:
            request.headers["Authorization"] = self.tokens[request.scope]
        answer, by_registry = self._followed(request)
        if answer.status_code != 401 or not by_registry:  # another host must not choose where the login is sent
            return answer
        try:
            granted = self._grant(answer.headers.get("WWW-Authenticate", ""), request.scope)
        except BaseException:
            answer.close()
            raise
        if granted is None:
            return answer
        answer.close()
        self.tokens[request.scope] = request.headers["Authorization"] = granted
        return self._followed(request)[0]

    def _followed(self, request: Request) -> tuple[requests.Response, bool]:
        """The answer after redirects, and whether the registry itself gave it; no other host gets its login."""
        base = self._base()
        url = urljoin(f"{base}/", request.place)
        for _ in range(MOST_REDIRECTS):
            to_registry = origin(url) == origin(base)
            headers = {name: value for name, value in request.headers.items() if to_registry or name != "Authorization"}
            answer = self._send(request, url, headers, to_registry)
            if answer.status_code not in REDIRECTS or "Location" not in answer.headers:
                return answer, to_registry
            url = urljoin(url, answer.headers["Location"])
            answer.close()
        raise self.failed(request.method, request.place, f"more than {MOST_REDIRECTS} redirects")

    def _send(self, request: Request, url: str, headers: Mapping[str, str], to_registry: bool) -> requests.Response:
        """Sends the request to one host. Raises InfrastructureError where that would go without TLS."""
        split = urlsplit(url)
        if split.scheme != "https" and not (self.insecure and split.netloc == self.host):
            target = one_line(f"{split.scheme}://{split.hostname}")
            raise self.failed(request.method, url, f"it redirects to {target}, without TLS")
        return self.session.request(
            request.method,
            url,
            headers=dict(headers),
            data=request.body() if callable(request.body) else request.body,
            stream=True,
            timeout=self._limits(),
            allow_redirects=False,
            verify=self._verify(to_registry=to_registry),
        )

    def _limits(self) -> tuple[float, float]:
        """The timeouts as requests takes them."""
        return self.timeouts.connect_seconds, self.timeouts.read_seconds

    def _verify(self, *, to_registry: bool) -> bool | str:
        """The value for requests' `verify`: false for the registry itself where the descriptor allows that."""
        return False if to_registry and self.insecure else self.authority or True

    def _base(self) -> str:
        """Scheme and host; the scheme of an insecure host is probed."""
        if self.base is None:
            self.base = self._probe_scheme() if self.insecure else f"https://{self.host}"
        return self.base

    def _probe_scheme(self) -> str:
        """HTTPS where the host speaks it, else HTTP. Raises an error of FAILED where it must be probed again.

        An HTTPS server answers plain HTTP with 400: one lost connection must not send the login in the clear.
        """
        failure: Exception | None = None
        for scheme in ("https", "http"):
            base = f"{scheme}://{self.host}"
            try:
                answer = self.session.get(
                    f"{base}/v2/",
                    timeout=self.timeouts.connect_seconds,
                    verify=False,
                    allow_redirects=False,
                    stream=True,
                )
            except requests.RequestException as error:
                failure = error
                continue
            answer.close()
            if scheme == "https" or answer.status_code != 400:
                return base
        raise requests.ConnectionError(plain(failure) if failure else "it speaks neither HTTPS nor HTTP")

    def _grant(self, challenge: str, scope: str) -> str | None:
        """The value of `Authorization` that answers a challenge; None without a login for it."""
        kind, _, rest = challenge.partition(" ")
        login = self.credentials.login(self.host)
        if kind.lower() == "basic":
            return basic(login) if login and login.username else None
        if kind.lower() != "bearer":
            return None
        return self._token(dict(CHALLENGE.findall(rest)), scope, login)

    def _token(self, challenge: Mapping[str, str], scope: str, login: Login | None) -> str | None:
        """A token from the server that the challenge names: https://distribution.github.io/distribution/spec/auth/token/"""
        realm = challenge.get("realm", "")
        split = urlsplit(realm)
        to_registry = self.insecure and split.hostname == urlsplit(f"//{self.host}").hostname
        if split.scheme != "https" and not to_registry:
            raise self.failed("GET", realm, "it demands the login without TLS")
        service, scopes = challenge.get("service", ""), scope or challenge.get("scope", "")
        form: dict[str, str] | None = None
        headers: dict[str, str] = {}
        values: list[tuple[str, str]] = []
        if login and login.identity_token:
            form = {"grant_type": "refresh_token", "refresh_token": login.identity_token, "client_id": "pipeline-kit"}
            form.update(service=service, scope=scopes)
        else:
            values = [("service", service), *(("scope", part) for part in scopes.split(" "))]
            headers = {"Authorization": basic(login)} if login else {}
        answer = read_answer(
            self.session.request(
                "POST" if form else "GET",
                realm,
                params=values,
                data=form,
                headers=headers,
                timeout=self._limits(),
                allow_redirects=False,
                stream=True,
                verify=self._verify(to_registry=to_registry),
            ),
            stream=False,
        )
        if answer.status_code in RETRIED:
            raise requests.ConnectionError(f"the token server answers {answer.status_code}")
        return bearer(answer) if answer.status_code == 200 else None


def origin(url: str) -> tuple[str, str | None, int | None]:
    """Scheme, host and port of an address. Raises ValueError for a malformed one."""
    split = urlsplit(url)
    return split.scheme, split.hostname, split.port or {"https": 443, "http": 80}.get(split.scheme)


def bearer(answer: RegistryResponse) -> str | None:
    """The value of `Authorization` from a token server's answer; None where that holds no token."""
    try:
        document = answer.document()
        token = document.get("token") or document["access_token"]
    except (ValueError, KeyError, AttributeError, TypeError):
        return None
    return f"Bearer {token}" if isinstance(token, str) and re.fullmatch(r"[!-~]+", token) else None


def basic(login: Login) -> str:
    """The value of `Authorization` for a name and a password."""
    return "Basic " + b64encode(f"{login.username}:{login.password}".encode()).decode()
