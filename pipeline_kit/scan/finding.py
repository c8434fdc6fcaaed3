"""A finding, and the rules that findings are of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Severity(Enum):
    """How bad it is where it is true, least first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for the least."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True)
class Rule:
    """What is looked for: its id, how bad that is, one sentence, and the next step."""

    id: str
    severity: Severity
    says: str
    hint: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a rule found: `path` in the image or the project, `line` from 1, or None without lines.

    `subject` says which thing in the file (a kind of secret, an advisory, a container), `message` what was found. No
    field ever holds a secret. `owner` is whose file it is: empty for the team's own, else base or dependencies.
    """

    rule: str
    path: str
    message: str
    line: int | None = None
    subject: str = ""
    severity: Severity = Severity.HIGH
    hint: str = ""
    owner: str = ""

    @property
    def place(self) -> str:
        """Path and line as people click on them."""
        return f"{self.path}:{self.line}" if self.line else self.path


def masked(secret: str) -> str:
    """What may be shown of a secret: its first characters, four at most and never more than a quarter; its length."""
    shown = secret[: min(4, len(secret) // 4)]
    return f"{shown}... ({len(secret)} characters)"


def find(rule: str, path: str, message: str, line: int | None = None, *, subject: str = "", hint: str = "") -> Finding:
    """A finding with its rule's severity and, where it has none of its own, its rule's hint."""
    known = RULES[rule]
    return Finding(rule, path, message, line, subject, known.severity, hint or known.hint)


def _rules(*rules: Rule) -> dict[str, Rule]:
    return {rule.id: rule for rule in rules}


_REVOKE = "revoke it, since whoever could read this has it; hand it over as a secret of the CI server"
_LOW, _MEDIUM, _HIGH, _CRITICAL = Severity

RULES = _rules(
    Rule("secret", _CRITICAL, "A file contains a secret.", _REVOKE),
    Rule("secret_file", _CRITICAL, "A file of credentials.", _REVOKE),
    Rule("secret_in_config", _CRITICAL, "A secret in the image's environment, labels or history.", _REVOKE),
    Rule("secret_in_history", _CRITICAL, "A secret that a commit added, even if a later one took it out.", _REVOKE),
    Rule("secret_in_manifest", _CRITICAL, "A secret in a Kubernetes manifest.", "name a Secret by secretKeyRef"),
    Rule("secret_in_dockerfile", _CRITICAL, "A secret in ENV, ARG or RUN stays in the image.", "mount it: RUN --mount"),
    Rule("secret_in_ci", _CRITICAL, "A secret in a CI server's file.", "make it a masked variable of the CI server"),
    Rule("private_file", _HIGH, "A file of a person or a repository.", "leave it out of the image and of git"),
    Rule("key_store", _MEDIUM, "A container of keys.", "leave it out, or say in allow why it holds no private key"),
    Rule("set_uid", _HIGH, "A program that runs as its owner.", "take the bit off: chmod u-s,g-s"),
    Rule("world_writable", _HIGH, "Every user may change it.", "take the bit off: chmod o-w"),
    Rule("root_user", _HIGH, "The image runs as root.", "set a user, such as USER 10001:10001"),
    Rule("unsafe_pickle", _CRITICAL, "Loading it runs code.", "export the model as safetensors, ONNX or JSON"),
    Rule("suspicious_pickle", _MEDIUM, "Loading it imports more than data needs.", "safetensors, ONNX and JSON do not"),
    Rule("link_outside", _HIGH, "A link leaves the root or the application.", "copy the file, or link within"),
    Rule("vulnerability", _HIGH, "A known vulnerability of a distribution.", "take a fixed version into the lock file"),
    Rule("privileged", _HIGH, "A container has rights over its node.", "privileged: false, and drop ALL capabilities"),
    Rule("host_path", _HIGH, "A pod reads or writes its node's files.", "use a volume of the cluster"),
    Rule("host_namespace", _HIGH, "A pod shares its node's network or processes.", "leave it out"),
    Rule("runs_as_root", _HIGH, "A container may run as root.", "securityContext: {runAsNonRoot: true}"),
    Rule("no_limits", _MEDIUM, "A container has no limits.", "resources: {limits: {cpu, memory}}"),
    Rule("latest_tag", _MEDIUM, "An image whose content may change.", "name it by digest: image@sha256:..."),
    Rule("mounted_token", _LOW, "A pod gets a token of the API server.", "automountServiceAccountToken: false"),
    Rule("cluster_admin", _HIGH, "An account may do everything in the cluster.", "a Role with the verbs that it needs"),
    Rule("dockerfile_root", _HIGH, "The Dockerfile's image runs as root.", "end with USER 10001:10001"),
    Rule("remote_add", _MEDIUM, "ADD fetches content that is not verified.", "ADD --checksum=sha256:..., or COPY"),
    Rule("pipe_to_shell", _HIGH, "A download is run unseen.", "keep it, verify its SHA-256, then run it"),
    Rule(
        "secret_argument",
        _MEDIUM,
        "A build argument stays in the image's history.",
        "mount it: RUN --mount=type=secret",
    ),
)

BLOCKING = (
    "secret", "secret_file", "secret_in_config", "secret_in_history", "secret_in_manifest", "secret_in_dockerfile",
    "secret_in_ci", "private_file", "set_uid", "world_writable", "root_user", "unsafe_pickle", "link_outside",
    "vulnerability", "privileged", "host_path", "host_namespace",
)  # fmt: skip
"""The rules that stop a release unless the descriptor says otherwise."""

EVERYWHERE = ("secret", "secret_file", "secret_in_config", "root_user", "unsafe_pickle")
"""The rules that count in a base image's layers too."""
