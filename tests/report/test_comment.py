"""The report as one comment of a merge request, on a server that keeps GitLab's contract for notes."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from pipeline_kit.errors import InfrastructureError, UsageError
from pipeline_kit.servers.gitlab.comment import MARK, comment

BOT = 42
NOTES = "/api/v4/projects/7/merge_requests/3/notes"


@dataclass
class Notes:
    """A merge request's notes: https://docs.gitlab.com/api/notes/#merge-requests."""

    bodies: dict[int, str] = field(default_factory=dict)
    authors: dict[int, int] = field(default_factory=dict)  # by note; the token's user otherwise
    token: str = "a token of the project"
    url: str = ""


@pytest.fixture
def notes() -> Iterator[Notes]:
    """A server with one merge request, on the loopback interface."""
    kept = Notes()

    class Handler(BaseHTTPRequestHandler):
        def reply(self, code: int, content: Any) -> None:
            text = json.dumps(content).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def handled(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "{}")
            path = self.path.partition("?")[0]
            if self.headers.get("PRIVATE-TOKEN") != kept.token:
                self.reply(401, {"message": "401 Unauthorized"})
            elif self.command == "GET" and path == NOTES:
                notes = [(number, text, kept.authors.get(number, BOT)) for number, text in kept.bodies.items()]
                self.reply(200, [{"id": number, "body": text, "author": {"id": by}} for number, text, by in notes])
            elif self.command == "GET" and path == "/api/v4/user":
                self.reply(200, {"id": BOT, "username": "bot"})
            elif self.command == "POST" and path == NOTES:
                kept.bodies[len(kept.bodies) + 1] = body["body"]
                self.reply(201, {"id": len(kept.bodies), **body})
            elif self.command == "PUT" and path.startswith(f"{NOTES}/"):
                kept.bodies[int(path.rpartition("/")[2])] = body["body"]
                self.reply(200, {"id": int(path.rpartition("/")[2]), **body})
            else:
                self.reply(404, {"message": "404 Not found"})

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    for method in ("GET", "POST", "PUT"):
        setattr(Handler, f"do_{method}", Handler.handled)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        kept.url = f"http://127.0.0.1:{server.server_port}"
        yield kept
        server.shutdown()


def variables(notes: Notes, **more: str) -> dict[str, str]:
    """What GitLab tells a job of a merge request, and the secret."""
    told = {"CI_SERVER_URL": notes.url, "CI_PROJECT_ID": "7", "CI_MERGE_REQUEST_IID": "3", "TOKEN": notes.token}
    return {**told, **more}


def test_the_first_pipeline_comments_and_the_next_replaces_it(notes: Notes) -> None:
    """A merge request has one report, however many pipelines it had; what people wrote stays."""
    notes.bodies[1] = "Looks good to me"
    assert comment("# passed", variables(notes), "TOKEN")
    assert comment("# failed", variables(notes), "TOKEN")
    assert notes.bodies == {1: "Looks good to me", 2: f"{MARK}\n# failed"}


def test_a_note_of_somebody_else_is_left_alone(notes: Notes) -> None:
    """Whoever writes the mark into a note of their own gets no report into it: they could edit it afterwards."""
    notes.bodies[1] = f"{MARK}\nforged"
    notes.authors[1] = 7
    assert comment("# passed", variables(notes), "TOKEN")
    assert comment("# failed", variables(notes), "TOKEN")
    assert notes.bodies == {1: f"{MARK}\nforged", 2: f"{MARK}\n# failed"}


def test_the_pipeline_of_a_fork_needs_no_token(notes: Notes) -> None:
    """Its job has none, and is no failure."""
    fork = {"CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "8", "CI_MERGE_REQUEST_PROJECT_ID": "7"}
    assert not comment("# passed", variables(notes, TOKEN="", **fork), "TOKEN")
    assert not comment("# passed", variables(notes, **fork), "TOKEN")
    assert notes.bodies == {}


def test_outside_of_a_merge_request_nobody_is_asked(notes: Notes) -> None:
    """A push has no merge request: nothing is written, and no token is needed."""
    assert not comment("# passed", variables(notes, CI_MERGE_REQUEST_IID="", TOKEN=""), "TOKEN")
    assert notes.bodies == {}


def test_a_token_that_is_missing_or_refused_is_named_and_never_shown(notes: Notes) -> None:
    """The message says which variable, and what the token needs."""
    with pytest.raises(UsageError, match="TOKEN is not set"):
        comment("# passed", variables(notes, TOKEN=""), "TOKEN")
    with pytest.raises(InfrastructureError, match="does not take the report") as refused:
        comment("# passed", variables(notes, TOKEN="another token"), "TOKEN")
    assert "another token" not in f"{refused.value} {refused.value.hint}"
