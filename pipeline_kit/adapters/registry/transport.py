"""Requests to one registry's host: verified TLS, its login, retries, errors that say what was asked and what came."""

from __future__ import annotations

import random
import re
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

from pipeline_kit.adapters.registry.answer import FAILED, Answer, one_line, path_of, plain, read_answer
from pipeline_kit.adapters.registry.credentials import Credentials
from pipeline_kit.contract.login import Login
from pipeline_kit.errors import InfrastructureError

RETRIED = frozenset({408, 429, 500, 502, 503, 504})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
MOST_REDIRECTS = 5
CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
UNTRUSTED = "CERTIFICATE_VERIFY_FAILED"
WANTS_LOGIN = "give the job a secret of type username_password, or log in with docker login; may it do that there?"
GOES_ON = "the same command goes on from here"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a registry is waited for, and how often it is asked again."""

    tries: int = 6
    first_wait_seconds: float = 0.5
    longest_wait_seconds: float = 30.0
    connect_seconds: float = 10.0
    silence_seconds: float = 60.0  # between two bytes
    sleep: Callable[[float], None] = time.sleep

    def wait(self, number: int, told: float | None) -> None:
        """Waits before the next try, as long as the registry has said or twice as long as before."""
        own = self.first_wait_seconds * 2**number * random.uniform(0.8, 1.2)
        self.sleep(min(told if told is not None else own, self.longest_wait_seconds))

    @property
    def seconds(self) -> tuple[float, float]:
        """To connect, and between two bytes."""
        return self.connect_seconds, self.silence_seconds


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: `body` is bytes, or makes what is sent anew for every try."""

    method: str
    place: str
    scope: str
    headers: dict[str, str]
    body: Any


class NoNetrc(requests.auth.AuthBase):
    """Adds nothing: without an `auth` of its own, requests would send what ~/.netrc says of the host."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request as it is."""
        return request


@dataclass
class Transport:
    """The connection to a host. `insecure`: HTTPS without verification, else plain HTTP, as Docker does it.

    `authority` is a file of certificates in place of those that the machine trusts.
    """

    host: str
    credentials: Credentials
    insecure: bool = False
    patience: Patience = field(default_factory=Patience)
    authority: str | None = None
    session: requests.Session = field(default_factory=requests.Session)
    tokens: dict[str, str] = field(default_factory=dict)  # scope to the value of `Authorization`
    base: str | None = None

    def __post_init__(self) -> None:
        self.session.auth = NoNetrc()
        self.session.headers["User-Agent"] = "pipeline-kit"
        if self.insecure:  # the descriptor has said so: a warning at each request would tell nobody anything
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
    ) -> Answer:
        """The answer, whatever its status but those that a retry may mend; `place` is a path or what a header named.

        `body` is made anew for every try. With one try every status comes back: its caller does what must be done
        between two. Raises InfrastructureError when all tries have failed.
        """
        most, last = tries or self.patience.tries, ""
        for number in range(most):
            told: float | None = None
            try:
                answer = read_answer(
                    self._authorised(Asked(method, place, scope, dict(headers or {}), body)), stream=stream
                )
            except FAILED as error:
                last = plain(error)
                if UNTRUSTED in str(error):
                    raise self._untrusted(method, place, error) from error
            except (OSError, ValueError) as error:  # an address, a header or a document that is none; never its words
                raise self.failed(method, place, f"what it answers is of no use: {type(error).__name__}") from error
            else:
                if answer.status_code not in RETRIED or most == 1:
                    return answer
                last, told = answer.said(), answer.retry_after()
            if number + 1 < most:
                self.patience.wait(number, told)
        raise self.failed(method, place, last)

    def failed(self, method: str, place: str, what: str) -> InfrastructureError:
        """The error of a request that came to nothing; what must stay secret is struck from a server's words."""
        text = f"{self.host} failed: {method} {path_of(place)}: {what}"
        for secret in (*self.credentials.secrets(), *self.tokens.values()):
            text = text.replace(secret.removeprefix("Bearer ").removeprefix("Basic "), "***")
        return InfrastructureError(text, hint=GOES_ON)

    def refused(self, method: str, place: str, answer: Answer) -> InfrastructureError:
        """The error for a status that nothing was meant to answer."""
        error = self.failed(method, place, answer.said())
        if answer.status_code in (401, 403):
            error.hint = WANTS_LOGIN
        return error

    def _untrusted(self, method: str, place: str, cause: Exception) -> InfrastructureError:
        why = re.search(r"certificate verify failed:? ?([^(\"']*)", str(cause))
        told = one_line(why.group(1)) if why else ""
        error = self.failed(method, place, f"its certificate is not trusted{': ' if told else ''}{told}")
        error.hint = (
            "let REQUESTS_CA_BUNDLE or SSL_CERT_FILE name a file with its authority's certificate, "
            f"or list {self.host} under `insecure` in the descriptor"
        )
        return error

    def _authorised(self, asked: Asked) -> requests.Response:
        if asked.scope in self.tokens:
            asked.headers["Authorization"] = self.tokens[asked.scope]
        answer, own = self._followed(asked)
        if answer.status_code != 401 or not own:  # a host that we were sent to has no say in where the login goes
            return answer
        try:
            granted = self._grant(answer.headers.get("WWW-Authenticate", ""), asked.scope)
        except BaseException:
            answer.close()
            raise
        if granted is None:
            return answer
        answer.close()
        self.tokens[asked.scope] = asked.headers["Authorization"] = granted
        return self._followed(asked)[0]

    def _followed(self, asked: Asked) -> tuple[requests.Response, bool]:
        """The answer after redirects, and whether it is the registry's own; no other host gets the registry's login."""
        base = self._base()
        url = urljoin(f"{base}/", asked.place)
        for _ in range(MOST_REDIRECTS):
            own = origin(url) == origin(base)
            headers = {name: value for name, value in asked.headers.items() if own or name != "Authorization"}
            answer = self._send(asked, url, headers, own)
            if answer.status_code not in REDIRECTS or "Location" not in answer.headers:
                return answer, own
            url = urljoin(url, answer.headers["Location"])
            answer.close()
        raise self.failed(asked.method, asked.place, "it redirects in a circle")

    def _send(self, asked: Asked, url: str, headers: Mapping[str, str], own: bool) -> requests.Response:
        split = urlsplit(url)
        if split.scheme != "https" and not (self.insecure and split.netloc == self.host):
            away = one_line(f"{split.scheme}://{split.hostname}")
            raise self.failed(asked.method, url, f"it sends us to {away}, without TLS")
        return self.session.request(
            asked.method,
            url,
            headers=dict(headers),
            data=asked.body() if callable(asked.body) else asked.body,
            stream=True,
            timeout=self.patience.seconds,
            allow_redirects=False,
            verify=self._verify(own=own),
        )

    def _verify(self, *, own: bool) -> bool | str:
        """What requests verifies a host by: not at all for the registry itself where the descriptor says so."""
        return False if own and self.insecure else self.authority or True

    def _base(self) -> str:
        """Scheme and host; an insecure one is asked which it speaks."""
        if self.base is None:
            self.base = self._spoken() if self.insecure else f"https://{self.host}"
        return self.base

    def _spoken(self) -> str:
        """HTTPS where the host speaks it, else HTTP. Raises what FAILED lists where it is to be asked again.

        A server of HTTPS answers plain HTTP with 400: one lost connection must not send the login in the clear.
        """
        failure: Exception | None = None
        for scheme in ("https", "http"):
            base = f"{scheme}://{self.host}"
            try:
                answer = self.session.get(
                    f"{base}/v2/",
                    timeout=self.patience.connect_seconds,
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
        """The value of `Authorization` that answers a challenge, or none where there is no login for it."""
        kind, _, rest = challenge.partition(" ")
        login = self.credentials.login(self.host)
        if kind.lower() == "basic":
            return basic(login) if login and login.username else None
        if kind.lower() != "bearer":
            return None
        asked = dict(CHALLENGE.findall(rest))
        return self._token(asked, scope, login)

    def _token(self, asked: Mapping[str, str], scope: str, login: Login | None) -> str | None:
        """A token of the server that the challenge names: https://distribution.github.io/distribution/spec/auth/token/"""
        realm = asked.get("realm", "")
        split = urlsplit(realm)
        own = self.insecure and split.hostname == urlsplit(f"//{self.host}").hostname
        if split.scheme != "https" and not own:
            raise self.failed("GET", realm, "it wants the login sent without TLS")
        service, scopes = asked.get("service", ""), scope or asked.get("scope", "")
        form: dict[str, str] | None = None
        headers: dict[str, str] = {}
        values: list[tuple[str, str]] = []
        if login and login.identity_token:
            form = {"grant_type": "refresh_token", "refresh_token": login.identity_token, "client_id": "pipeline-kit"}
            form.update(service=service, scope=scopes)
        else:
            values = [("service", service), *(("scope", each) for each in scopes.split(" "))]
            headers = {"Authorization": basic(login)} if login else {}
        answer = read_answer(
            self.session.request(
                "POST" if form else "GET",
                realm,
                params=values,
                data=form,
                headers=headers,
                timeout=self.patience.seconds,
                allow_redirects=False,
                stream=True,
                verify=self._verify(own=own),
            ),
            stream=False,
        )
        if answer.status_code in RETRIED:
            raise requests.ConnectionError(f"the token server answers {answer.status_code}")
        return bearer(answer) if answer.status_code == 200 else None


def origin(url: str) -> tuple[str, str | None, int | None]:
    """Scheme, host and port: who gets what is sent there. Raises ValueError for what is no address."""
    split = urlsplit(url)
    return split.scheme, split.hostname, split.port or {"https": 443, "http": 80}.get(split.scheme)


def bearer(answer: Answer) -> str | None:
    """The value of `Authorization` that a token server has answered, or none where it is no token."""
    try:
        document = answer.document()
        token = document.get("token") or document["access_token"]
    except (ValueError, KeyError, AttributeError, TypeError):
        return None
    return f"Bearer {token}" if isinstance(token, str) and re.fullmatch(r"[!-~]+", token) else None


def basic(login: Login) -> str:
    """The value of `Authorization` for a name and a password."""
    return "Basic " + b64encode(f"{login.username}:{login.password}".encode()).decode()
