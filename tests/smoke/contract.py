"""Servers on loopback that keep the part of each API's contract that the smoke kit uses.

Behind the API the pushed files are really run, by `pipeline-kit run`: a server that only repeats what it was told would
agree with anything. Statuses and bodies are those of docs.gitlab.com/api/rest and of
www.jenkins.io/doc/book/using/remote-access-api.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.projects import commit, kit

Answer = tuple[int, Any]
GITLAB_STATUS = {
    "passed": "success",
    "failed": "failed",
    "undecided": "failed",
    "skipped": "skipped",
    "waiting": "manual",
}


@dataclass
class Contract:
    """A server's state: where it works, what it ran, and the faults that a test asks for."""

    folder: Path
    token: str = "a-token-of-the-tests"
    lies: dict[str, str] = field(default_factory=dict)  # outcomes that it tells in place of the true ones
    refusals: list[int] = field(default_factory=list)  # statuses to answer the next requests with
    asked: list[str] = field(default_factory=list)
    runs: list[dict[str, str]] = field(default_factory=list)

    def execute(self, project: Path) -> dict[str, str]:
        """Runs the pipeline of a push to `main`; the outcome of each job."""
        done = kit(project, "run", "--json", "--event", "push", "--branch", "main")
        self.runs.append({name: record["outcome"] for name, record in json.loads(done.stdout).items()} | self.lies)
        return self.runs[-1]

    def answer(self, method: str, path: str, body: Any) -> Answer:
        """The answer to a request."""
        raise LookupError(path)

    def allowed(self, headers: Any) -> bool:
        """Whether the request carries the token."""
        return True


@dataclass
class GitLabContract(Contract):
    """Projects, commits, pipelines, jobs and artifacts of one project."""

    looks: dict[str, int] = field(default_factory=dict)

    def allowed(self, headers: Any) -> bool:
        return headers.get("PRIVATE-TOKEN") == self.token

    @property
    def project(self) -> Path:
        return self.folder / "project"

    def seldom(self, what: str) -> bool:
        """False the first time that something is asked for: it is not there yet."""
        self.looks[what] = self.looks.get(what, 0) + 1
        return self.looks[what] > 1

    def answer(self, method: str, path: str, body: Any) -> Answer:
        base = "/api/v4/projects"
        if path == f"{base}/group/smoke":
            return 200, {"id": 7, "path_with_namespace": "group/smoke"}
        if path == f"{base}/7/repository/tree":
            return self.tree()
        if path == f"{base}/7/repository/commits" and method == "POST":
            return self.commit(body)
        if path == f"{base}/7/pipelines":
            number = len(self.runs)
            return 200, [{"id": number}] if self.seldom(f"list {number}") else []
        if found := re.fullmatch(rf"{base}/7/pipelines/(\d+)(/jobs)?", path):
            return self.pipeline(int(found[1]), jobs=bool(found[2]))
        if found := re.fullmatch(rf"{base}/7/jobs/(\d+)(?:/artifacts/(.+))?", path):
            return self.job(int(found[1]), found[2])
        return 404, {"message": "404 Not Found"}

    def tree(self) -> Answer:
        if not self.project.exists():
            return 404, {"message": "404 Tree Not Found"}
        paths = [p for p in self.project.rglob("*") if p.is_file() and ".git" not in p.parts and "out" not in p.parts]
        return 200, [{"path": p.relative_to(self.project).as_posix(), "type": "blob"} for p in paths if kept(p)]

    def commit(self, body: Any) -> Answer:
        for action in body["actions"]:
            path = self.project / action["file_path"]
            if path.exists() == (action["action"] == "create"):
                return 400, {"message": f"A file with this name {'already' if path.exists() else 'does not'} exist"}
            if action["action"] == "delete":
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(action["content"])
        commit(self.project)
        self.execute(self.project)
        return 201, {"id": f"{len(self.runs):040x}", "title": body["commit_message"]}

    def pipeline(self, number: int, *, jobs: bool) -> Answer:
        outcomes = self.runs[number - 1]
        if jobs:
            return 200, [
                {"id": number * 1000 + place, "name": name, "status": GITLAB_STATUS[outcome]}
                for place, (name, outcome) in enumerate(outcomes.items())
            ]
        status = "failed" if set(outcomes.values()) & {"failed", "undecided"} else "success"
        return 200, {"id": number, "status": status if self.seldom(f"pipeline {number}") else "running"}

    def job(self, number: int, artifact: str | None) -> Answer:
        name, outcome = list(self.runs[number // 1000 - 1].items())[number % 1000]
        if artifact is None:
            return 200, {"id": number, "name": name, "status": GITLAB_STATUS[outcome]}
        assert artifact == f".pipeline-kit/out/{name}/result.json"
        return 200, {"outcome": outcome}


@dataclass
class JenkinsContract(Contract):
    """A multibranch job on a bare repository: indexing, builds of `main`, and their archives."""

    building: dict[int, int] = field(default_factory=dict)

    @property
    def repository(self) -> Path:
        return self.folder / "repository.git"

    def allowed(self, headers: Any) -> bool:
        return headers.get("Authorization", "").startswith("Basic ")

    def answer(self, method: str, path: str, body: Any) -> Answer:
        if path == "/job/smoke/api/json":
            return 200, {"name": "smoke"}
        if path == "/job/smoke/build" and method == "POST":
            checkout = self.folder / f"build-{len(self.runs) + 1}"
            subprocess.run(["git", "clone", "-q", str(self.repository), str(checkout)], check=True)
            self.execute(checkout)
            return 201, {}
        if path == "/job/smoke/job/main/api/json":
            last = {"number": len(self.runs)} if self.runs else None
            return (200, {"name": "main", "lastBuild": last}) if self.runs else (404, {})
        if found := re.fullmatch(r"/job/smoke/job/main/(\d+)/api/json", path):
            return self.build(int(found[1]))
        if found := re.fullmatch(r"/job/smoke/job/main/(\d+)/artifact/\.pipeline-kit/out/(\w+)/result\.json", path):
            return 200, {"outcome": self.runs[int(found[1]) - 1][found[2]]}
        return 404, {}

    def build(self, number: int) -> Answer:
        self.building[number] = self.building.get(number, 0) + 1
        ran = [name for name, outcome in self.runs[number - 1].items() if outcome not in ("skipped", "waiting")]
        return 200, {
            "building": self.building[number] == 1,
            "result": None if self.building[number] == 1 else "SUCCESS",
            "url": f"{self.url}/job/smoke/job/main/{number}/",
            "artifacts": [{"relativePath": f".pipeline-kit/out/{name}/result.json"} for name in ran],
        }

    url: str = ""


def kept(path: Path) -> bool:
    """Whether a file is one of the repository: the kit's own folder holds only the stages."""
    return ".pipeline-kit" not in path.parts or "stages" in path.parts


@contextmanager
def serve(contract: Contract) -> Iterator[str]:
    """The server's address, while the block runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(contract))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def handler(contract: Contract) -> type[BaseHTTPRequestHandler]:
    """A handler that asks the contract for each answer."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def respond(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            text = self.rfile.read(length)
            path = unquote(urlsplit(self.path).path)
            contract.asked.append(f"{self.command} {path}")
            body = json.loads(text) if text.startswith((b"{", b"[")) else None
            if contract.refusals:
                status, document = contract.refusals.pop(0), {"message": "refused by the test"}
            elif not contract.allowed(self.headers):
                status, document = 401, {"message": "401 Unauthorized"}
            else:
                status, document = contract.answer(self.command, path, body)
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Location", f"http://{self.headers['Host']}/queue/item/1/")
            self.send_header("X-Jenkins", "2.528")
            self.end_headers()
            self.wfile.write(content)

    return type("Methods", (Handler,), {"do_GET": Handler.respond, "do_POST": Handler.respond})


def bare_repository(folder: Path) -> Path:
    """An empty repository to push to."""
    path = folder / "repository.git"
    shutil.rmtree(path, ignore_errors=True)
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(path)], check=True)
    return path
