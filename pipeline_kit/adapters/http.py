"""HTTP as every adapter needs it: time limits, which answers are retried, and a request to a serving process."""

from __future__ import annotations

import http.client
import re
import time
from collections.abc import Mapping

from pipeline_kit.contract.serving import Answer
from pipeline_kit.frozen import frozen

RETRIED = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses of a server, or of a proxy before it, that another try may turn into an answer."""
QUERY_SECONDS = 30.0


@frozen
class Timeouts:
    """Time limits of one request: to connect, and between two bytes of the answer."""

    connect_seconds: float
    read_seconds: float


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds that a Retry-After header demands; None without one, and for a date."""
    value = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    return float(value) if re.fullmatch(r"[0-9]{1,9}", value) else None


def query(host: str, port: int, method: str, path: str, body: bytes | None = None) -> Answer | None:
    """Sends one request to a serving process; None while nothing listens, or where the connection breaks."""
    connection = http.client.HTTPConnection(host, port, timeout=QUERY_SECONDS)
    started = time.perf_counter()
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"} if body is not None else {})
        response = connection.getresponse()
        content = response.read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return Answer(response.status, content, time.perf_counter() - started, dict(response.getheaders()))
