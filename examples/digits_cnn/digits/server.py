"""Serves a model over HTTP: predictions, readiness, the model's identity, and metrics for Prometheus.

PIPELINE_KIT_APP names the folder with `config` and `model`; the server listens on HOST and PORT. The model is
loaded only after its digest is verified. If the digest differs, the process stays up, reports the reason at /readyz
and refuses predictions. The content of requests is neither stored nor logged.
"""

import asyncio
import json
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import uvicorn
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from .rows import NotJson, Refused, Rows, TooMany
from .served import NotServable, Served, read_served

LOG = logging.getLogger("serving")
QUIET = ("/healthz", "/readyz", "/metrics")
"""Paths that probes call every few seconds: only failures are logged."""
BODY_SECONDS = 10.0
IN_FLIGHT_SECONDS = 20
"""Seconds that requests in flight may take after the last was accepted; Kubernetes kills after 30 s."""


def limit(name: str, default: float) -> float:
    """The limit of that environment variable, else the default."""
    return float(os.environ.get(name, default))


class Serving:
    """The application of one process. `make(model, parameters)` loads the project's model.

    The object it returns has `predict(rows)`, which returns one prediction per row, and may have `columns` and
    `optional`, which Rows takes.
    """

    def __init__(self, make: Callable, app: Path) -> None:
        self.make, self.app = make, app
        self.served: Served | None = None
        self.reason: str | None = "the model is being verified"
        self.waiting, self.draining = 0, False
        self.most_rows, self.most_bytes = int(limit("MAX_ROWS", 1000)), int(limit("MAX_BYTES", 8 << 20))
        self.most_waiting = int(limit("MAX_WAITING", 64))
        self.pool = ThreadPoolExecutor(int(limit("WORKERS", 2)), "predict")
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Counter("serving_requests", "Answers.", ["path", "code"], registry=self.registry)
        self.seconds = Histogram("serving_request_seconds", "From request to answer.", ["path"], registry=self.registry)
        self.predicted = Counter("serving_rows", "Rows predicted.", registry=self.registry)
        self.ready = Gauge("serving_ready", "Whether requests are welcome.", registry=self.registry)
        labels = ["project", "model_digest", "package", "commit"]
        self.info = Gauge("serving_model_info", "The model that is served.", labels, registry=self.registry)
        routes = [
            Route("/predict", self.predict, methods=["POST"]),
            Route("/healthz", self.healthz),
            Route("/readyz", self.readyz),
            Route("/metrics", self.metrics),
            Route("/model", self.model),
        ]
        self.paths = {route.path for route in routes}
        self.routed = Starlette(routes=routes, exception_handlers={HTTPException: refuse})

    def load(self) -> None:
        """Verifies and loads the model. Ready afterwards, or never, with the reason."""
        try:
            served = read_served(self.app)
            served.verify()
            parameters = served.manifest.get("predict", {}).get("parameters", {})
            self.predictor = self.make(served.model, parameters)
            more, optional = getattr(self.predictor, "columns", ()), getattr(self.predictor, "optional", ())
            self.rows = Rows(served.inputs, more, optional)
        except NotServable as error:
            self.reason = f"not served: {error}"
            LOG.error(self.reason)
            return
        except Exception as error:
            self.reason = f"not served: the model cannot be loaded: {type(error).__name__}: {error}"
            LOG.exception("the model cannot be loaded")
            return
        about = served.about()
        self.info.labels(*(str(about[name]) for name in ("project", "model_digest", "package", "commit"))).set(1)
        self.served, self.reason = served, None
        self.ready.set(1)
        LOG.info("ready", extra={"fields": {"model": about["model_digest"]}})

    def drain(self) -> None:
        """No longer ready; requests that still arrive are answered until the server stops."""
        self.draining, self.reason = True, "shutting down"
        self.ready.set(0)
        LOG.info("shutting down")

    async def __call__(self, scope, receive, send) -> None:
        """Answers a request (ASGI 3), counts it and writes its line of the log."""
        started, status = time.perf_counter(), 500

        async def answer(message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if self.draining:
                    message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
            await send(message)

        try:
            await self.routed(scope, receive, answer)
        finally:
            path = scope["path"] if scope["path"] in self.paths else "other"
            seconds = time.perf_counter() - started
            self.requests.labels(path, status).inc()
            self.seconds.labels(path).observe(seconds)
            if path not in QUIET or status >= 400:
                fields = {"path": path, "status": status, "seconds": round(seconds, 6)}
                LOG.info("request", extra={"fields": fields})

    async def predict(self, request: Request) -> Response:
        """POST /predict: one prediction per row."""
        if self.served is None:
            return answer_json({"error": self.reason}, 503)
        if self.waiting >= self.most_waiting:
            return answer_json({"error": "too many requests at once"}, 503, {"Retry-After": "1"})
        self.waiting += 1
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await self.body(request)
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self.pool, self.answer, body)
        except TimeoutError:
            return answer_json({"error": "the body took too long"}, 408, {"Connection": "close"})
        except ClientDisconnect:
            return answer_json({"error": "the client has gone"}, 400)
        finally:
            self.waiting -= 1

    async def body(self, request: Request) -> bytes:
        """The body. Raises HTTPException 413 where it is too large.

        Up to four times the limit is read and dropped: a client that is still sending does not see an answer.
        """
        chunks, size = [], 0
        async for chunk in request.stream():
            size += len(chunk)
            if size <= self.most_bytes:
                chunks.append(chunk)
            elif size > 4 * self.most_bytes:
                break
        if size > self.most_bytes:
            raise HTTPException(413, f"more than {self.most_bytes} bytes", {"Connection": "close"})
        return b"".join(chunks)

    def answer(self, body: bytes) -> Response:
        """The answer to a body: predictions, or all its problems."""
        try:
            rows = self.rows.read(body, self.most_rows)
        except NotJson as error:
            return answer_json({"error": str(error)}, 400)
        except TooMany as error:
            return answer_json({"error": str(error)}, 413)
        except Refused as error:
            return answer_json({"error": "the rows are not what the model takes", "problems": error.problems}, 422)
        try:
            pairs = zip(rows, self.predictor.predict(rows), strict=True)
            predictions = [{"id": self.rows.name(number, row), **output} for number, (row, output) in enumerate(pairs)]
            answer = answer_json({"predictions": predictions, "model": self.served.manifest["model_digest"]})
        except Exception:
            LOG.exception("the model failed")
            return answer_json({"error": "the model failed on these rows"}, 500)
        self.predicted.inc(len(rows))
        return answer

    async def healthz(self, request: Request) -> Response:
        """GET /healthz: the process is alive."""
        return answer_json({"alive": True})

    async def readyz(self, request: Request) -> Response:
        """GET /readyz: the model is verified and loaded, and the process is not shutting down."""
        return answer_json({"ready": self.reason is None, "reason": self.reason}, 503 if self.reason else 200)

    async def model(self, request: Request) -> Response:
        """GET /model: the model's identity and its verdict."""
        if self.served is None:
            return answer_json({"error": self.reason}, 503)
        return answer_json(self.served.about())

    async def metrics(self, request: Request) -> Response:
        """GET /metrics: metrics for Prometheus."""
        return Response(generate_latest(self.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


def answer_json(content: dict, status: int = 200, headers: dict | None = None) -> Response:
    """An answer in JSON, every float in the shortest text that parses to the same value. Raises ValueError on NaN."""
    text = json.dumps(content, allow_nan=False)
    return Response(text, status, headers, media_type="application/json")


async def refuse(request: Request, error: HTTPException) -> Response:
    """The answer to an unknown route, and to a request that a route refused."""
    return answer_json({"error": error.detail}, error.status_code, dict(error.headers or {}))


class DrainingServer(uvicorn.Server):
    """uvicorn that drains: on SIGTERM, /readyz fails while requests are still answered, before the port closes.

    Load balancers have DRAIN_SECONDS to notice. A second signal closes the port at once.
    """

    def __init__(self, config: uvicorn.Config, serving: Serving) -> None:
        super().__init__(config)
        self.serving, self.closes = serving, None

    def handle_exit(self, sig, frame) -> None:
        """Called on a signal. uvicorn's own handler would end the process by that signal instead of exit code 0."""
        if self.closes is None:
            self.closes = time.monotonic() + limit("DRAIN_SECONDS", 5)
            self.serving.drain()
        else:
            self.should_exit = True

    async def on_tick(self, counter: int) -> bool:
        """Called by uvicorn ten times a second. Whether it is time to close."""
        return await super().on_tick(counter) or (self.closes is not None and time.monotonic() >= self.closes)


class Lines(logging.Formatter):
    """One line of JSON per record. Errors are logged by type and place only: their message may quote the request."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        line = {"time": round(record.created, 3), "level": record.levelname.lower(), "event": record.getMessage()}
        if record.exc_info and record.exc_info[1] is not None:
            trace = record.exc_info[2]
            while trace is not None and trace.tb_next is not None:
                trace = trace.tb_next
            line["error"] = type(record.exc_info[1]).__name__
            line["at"] = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else None
        return json.dumps({**line, **getattr(record, "fields", {})})


def serve(make: Callable) -> None:
    """Serves until SIGTERM; what `python -m` of the project's module `serving` runs."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(Lines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    serving = Serving(make, Path(os.environ.get("PIPELINE_KIT_APP", "/app")))
    config = uvicorn.Config(
        serving,
        host=os.environ.get("HOST", "0.0.0.0"),
        port=int(os.environ.get("PORT", "8000")),
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=IN_FLIGHT_SECONDS,
    )
    threading.Thread(target=serving.load, name="load", daemon=True).start()
    DrainingServer(config, serving).run()
