"""Runs a Docker credential helper: a program that reads a registry's host and prints its login.

Source: https://github.com/docker/docker-credential-helpers, "Development".
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Mapping

SECONDS = 30.0
LARGEST_ANSWER = 1 << 20
NOT_FOUND = "credentials not found"
"""How a helper's output begins where it has no login for the host, which is not a failure."""


class HelperError(Exception):
    """A helper is missing, fails, takes too long or prints no login; its output is never repeated."""


def ask_helper(
    helper: str, host: str, variables: Mapping[str, str], seconds: float | None = None
) -> tuple[str, str] | None:
    """User name and secret for the host, None where the helper has none. Raises HelperError."""
    if "/" in helper:
        raise HelperError("its name contains a slash")
    status, output = run_helper(f"docker-credential-{helper}", host, variables, SECONDS if seconds is None else seconds)
    if status != 0:
        if output.lstrip().lower().startswith(NOT_FOUND.encode()):
            return None
        raise HelperError(f"it ended with exit code {status}")
    try:
        answer = json.loads(output[:LARGEST_ANSWER])
        username, secret = answer["Username"], answer["Secret"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise HelperError("its output is not a login") from None
    if not isinstance(username, str) or not isinstance(secret, str):
        raise HelperError("its output is not a login")
    return username, secret


def run_helper(program: str, host: str, variables: Mapping[str, str], seconds: float) -> tuple[int, bytes]:
    """Exit code and output. The helper leads its own session, so that its child processes end with it."""
    try:
        process = subprocess.Popen(
            [program, "get"],
            env=dict(variables),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise HelperError(error.strerror or "it cannot be started") from None
    try:
        output, _ = process.communicate(host.encode(), timeout=seconds)
    except subprocess.TimeoutExpired:
        raise HelperError(f"no answer in {seconds:g} s") from None
    finally:
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        with process:
            pass
    return process.returncode, output
