"""Unsafe settings and secrets of an image's configuration: user, environment, labels, history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline_kit.scan.assignments import assignments, url_passwords
from pipeline_kit.scan.finding import Finding, find, masked
from pipeline_kit.scan.heuristic import is_placeholder, is_secret_name, is_secret_value
from pipeline_kit.scan.tokens import tokens

CONFIG = "(the image's configuration)"
ROOTS = ("", "0", "root")


def check_configuration(config: Mapping[str, Any]) -> Iterator[Finding]:
    """The findings of an image's configuration document. Source: OCI Image Specification 1.1, "Image Configuration"."""
    own = config.get("config")
    settings: Mapping[str, Any] = own if isinstance(own, dict) else {}
    user = str(settings.get("User") or "")
    if user.partition(":")[0] in ROOTS:
        yield find("root_user", CONFIG, f"its user is {user!r}" if user else "it names no user", subject="User")
    for entry in _strings(settings.get("Env")):
        name, _, value = entry.partition("=")
        yield from named(f"Env {name}", name, value)
    labels = settings.get("Labels")
    for name, value in (labels if isinstance(labels, dict) else {}).items():
        yield from named(f"Labels {name}", str(name), str(value))
    words = [*_strings(settings.get("Cmd")), *_strings(settings.get("Entrypoint"))]
    yield from free_text("Entrypoint and Cmd", "\n".join(words))
    history = config.get("history")
    for number, item in enumerate(history if isinstance(history, list) else []):
        if isinstance(item, dict):
            yield from free_text(f"history {number}", f"{item.get('created_by', '')}\n{item.get('comment', '')}")


def named(where: str, name: str, value: str) -> Iterator[Finding]:
    """The secret in a named value: a token, or what such a name holds."""
    findings = list(free_text(where, value))
    yield from findings
    if not findings and is_secret_name(name) and (is_secret_value(name, value) or _filled_password(name, value)):
        yield find("secret_in_config", CONFIG, f"{where} holds a value: {masked(value)}", subject=where)


def free_text(where: str, text: str) -> Iterator[Finding]:
    """The tokens, assigned secrets and passwords of URLs in any text of the configuration."""
    content = text.encode("utf-8", "replace")
    for token in tokens(content):
        shown = masked(token.secret.decode(errors="replace"))
        yield find("secret_in_config", CONFIG, f"{where} holds a {token.kind}: {shown}", subject=where)
    words = text.replace(" ", "\n")  # arguments of commands, each its own
    for assignment in (*assignments(words, plain=True), *url_passwords(text)):
        yield find(
            "secret_in_config",
            CONFIG,
            f"{where} holds the {assignment.kind}: {masked(assignment.secret)}",
            subject=where,
        )


def _filled_password(name: str, value: str) -> bool:
    return "passw" in name.lower() and not is_placeholder(value)


def _strings(value: Any) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []
