"""A tiny model server for pods: what the serving application answers, and the ways in which one goes wrong.

BEHAVIOUR: serve (the default), crash, late (ready after DELAY seconds), never_ready, wrong_digest, wrong_prediction,
out_of_memory, hang (ready, but silent about its model), crash_after_ready (DELAY seconds after it was ready first),
crash_when_asked (ready, but dead at the first question for its model). MODEL_DIGEST and VERSION stand in the image.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import FrameType

BEHAVIOUR = os.environ.get("BEHAVIOUR", "serve")
DELAY = float(os.environ.get("DELAY", "0"))
DIGEST = "sha256:" + "0" * 64 if BEHAVIOUR == "wrong_digest" else os.environ["MODEL_DIGEST"]
STARTED = time.monotonic()
WAS_READY = threading.Event()


class Handler(BaseHTTPRequestHandler):
    """Answers as the serving application does."""

    def do_GET(self) -> None:
        """Health, readiness, and what is served."""
        if self.path == "/healthz":
            self.answer(200, {"status": "ok"})
        elif self.path == "/readyz":
            ready = BEHAVIOUR != "never_ready" and (BEHAVIOUR != "late" or time.monotonic() - STARTED >= DELAY)
            self.answer(200 if ready else 503, {"ready": ready, "reason": "" if ready else "the model is not loaded"})
            WAS_READY.set()
        elif self.path == "/model":
            self.go_wrong()
            self.answer(200, {"project": "fraud", "model_digest": DIGEST, "version": os.environ["VERSION"]})
        else:
            self.answer(404, {})

    def do_POST(self) -> None:
        """Predictions: twice the value, and one more where they are wrong."""
        rows = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["rows"]
        more = 1 if BEHAVIOUR == "wrong_prediction" else 0
        found = [{"id": row.get("id"), "prediction": 2 * row["value"] + more} for row in rows]
        self.answer(200, {"predictions": found, "model": DIGEST})

    def go_wrong(self) -> None:
        """Where that is its behaviour, never returns."""
        if BEHAVIOUR == "hang":
            threading.Event().wait()
        if BEHAVIOUR == "crash_when_asked":
            crash("RuntimeError: the weights were moved away")

    def answer(self, status: int, document: dict[str, object]) -> None:
        """Sends JSON."""
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Logs nothing."""


def crash(last_words: str) -> None:
    """Ends at once, with an error."""
    print(last_words, file=sys.stderr, flush=True)
    os._exit(1)


def crash_after_ready() -> None:
    """Crashes so many seconds after it was ready first."""
    WAS_READY.wait()
    time.sleep(DELAY)
    crash("RuntimeError: the device went away")


def stop(number: int, frame: FrameType | None) -> None:
    """Ends at once when it is asked to."""
    os._exit(0)


def main() -> None:
    """Serves, or goes wrong."""
    signal.signal(signal.SIGTERM, stop)
    if BEHAVIOUR == "crash":
        print("loading the model", flush=True)
        crash("RuntimeError: the weights do not fit the network")
    if BEHAVIOUR == "out_of_memory":
        print("loading the model", flush=True)
        hoard = []
        while True:
            hoard.append(bytearray(16 << 20))
    if BEHAVIOUR == "crash_after_ready":
        threading.Thread(target=crash_after_ready, daemon=True).start()
    ThreadingHTTPServer(("", int(os.environ.get("PORT", "8000"))), Handler).serve_forever()


if __name__ == "__main__":
    main()
