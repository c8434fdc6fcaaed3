"""The grammars of everything in a descriptor that a server, a shell or a file system will read.

Patterns are common to Python and ECMAScript, because the JSON Schema carries them too. None admits `$`, quotes,
backticks, backslashes or line ends: a value is never a piece of code.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from pipeline_kit.descriptor.cron import cron_complaint
from pipeline_kit.frozen import frozen
from pipeline_kit.suggest import nearest

LONGEST = 4000

Complaint = tuple[str, str]
"""What is wrong with a word, following it in a sentence; and the next step."""

NAME = "[a-z][a-z0-9_]{0,40}"
SHA256 = "sha256:[0-9a-f]{64}"

_SAFE = r"[^$'\"`\\\x00-\x1f\x7f]"
_INSIDE = r"(?![-~/])(?!(?:.*/)?\.\.(?:/|$))(?!(?:\./)*\.git(?:/|$))(?!(?:\./)*\.pipeline-kit/out(?:/|$))"
PATH = rf"{_INSIDE}(?:(?![*?\[\]{{}}]){_SAFE})+"
GLOB = rf"(?!!|\./)(?!.*/$){_INSIDE}(?:(?![{{}}]){_SAFE})+"
_REF = r"[A-Za-z0-9_*](?:[A-Za-z0-9._+*-]|/(?![/.]|$)|\.(?!\.)){0,99}"
REF_PATTERN = rf"(?!.*\.\.)(?!.*(?:\.lock|[/.])$)(?!(?:[^*]*\*){{4}}){_REF}"
_HOST = r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?"
_REPOSITORY = rf"(?:{_HOST}/)?[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*"
_REGISTRY = (  # its host has a dot or a port, or is localhost
    r"(?:localhost|[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?:[0-9]{1,5}|[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)+(?::[0-9]{1,5})?)"
    r"(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)+"
)
_TAG = "(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})"


@frozen
class Grammar:
    """A named form: its pattern (of the whole text), how a message calls it, an example, and a further check."""

    pattern: str
    says: str
    example: str
    check: Callable[[str], Complaint | None] | None = None
    explain: Callable[[str], str] | None = None  # the next step for a text that does not follow the pattern

    def complaint(self, text: str) -> Complaint | None:
        """What is wrong with a text, or None."""
        if len(text) > LONGEST:
            return f"is longer than {LONGEST} characters", "shorten it"
        if not _compiled(self.pattern).fullmatch(text):
            explained = self.explain(text) if self.explain else ""
            return f"is not {self.says}", explained or _code_in(text) or f"for example {self.example}"
        return self.check(text) if self.check else None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _code_in(text: str) -> str:
    """The next step where a text holds what no grammar admits."""
    for character in "$'\"`\\\n":
        if character in text:
            return f"remove the {'line end' if character == chr(10) else character}: it would reach the CI file as code"
    return ""


def _why_outside(text: str) -> str:
    """The next step for a path or glob that does not stay where it must."""
    reasons = (
        (text.startswith(("/", "~")), "write it relative to the project's folder"),
        (".." in text.split("/"), "it must stay inside the project: no `..`"),
        (text.startswith("-"), "a leading dash reads as an option"),
        (text.startswith("./"), f"leave out the ./ and write {text[2:]}"),
        (text.startswith("!"), "list what to take, not what to leave out"),
        (text.endswith("/"), f"name the files: {text}**"),
        ("\\" in text, "write / between folders"),
        ("{" in text or "}" in text, "write one entry for each alternative"),
        (".git" in text.split("/"), "git's own folder cannot be an input"),
        (".pipeline-kit/out" in text, "name an output of another job as JOB.OUTPUT"),
        ("*" in text or "?" in text or "[" in text, "one path, not a pattern"),
    )
    return next((hint for holds, hint in reasons if holds and "$" not in text), "")


def _package_explained(text: str) -> str:
    """The next step for a baseline that is neither a file of the project nor a name."""
    if "://" in text:
        return "fetch it into the project before the gate, or release it into the store and name it, such as production"
    if text.endswith("/"):
        return f"name the file: {text}production.tar"
    return "" if "\\" in text else _why_outside(text)


_EVENT_HABITS = {
    "mr": "merge_request",
    "pull_request": "merge_request",
    "merge_requests": "merge_request",
    "cron": "schedule",
    "main": "branch:main",
}


def _event_explained(text: str) -> str:
    kind, _, name = text.partition(":")
    if kind == "push" and name:
        return f"write branch:{name}"
    if kind == "branch" and not name:
        return "write push for any branch, or branch:NAME"
    near = _EVENT_HABITS.get(kind) or nearest(kind, ("merge_request", "push", "branch", "tag", "schedule", "manual"))
    return f"did you mean `{near}{':' + name if name else ''}`?" if near and near != kind else ""


def _host_missing(text: str) -> str:
    """The next step for a repository that names no host, or names a tag."""
    name, colon, tag = text.rpartition(":")
    if colon and "/" in name and "/" not in tag:
        return f"leave out the tag: {name}"
    return f"write its host too: registry.example/{text}" if re.fullmatch(_REPOSITORY, text) else ""


def _not_latest(text: str) -> Complaint | None:
    if text.endswith(":latest"):
        return "is another image every day", "name a version, or better a digest: NAME@sha256:..."
    return None


def _timezone(text: str) -> Complaint | None:
    if _zone_exists(text) or not _zone_exists("UTC"):  # unknown on a machine without the database
        return None
    from zoneinfo import available_timezones

    near = nearest(text, sorted(available_timezones()))
    return "is not a time zone of the IANA database", f"did you mean `{near}`?" if near else "for example Europe/Berlin"


def _zone_exists(name: str) -> bool:
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def balanced(text: str) -> Complaint | None:
    """What is wrong with the brackets of an expression, or None."""
    depth = 0
    for character in text:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth < 0:
            break
    return ("has a bracket without its partner", "for example (linux || mac) && gpu") if depth else None


GRAMMARS: dict[str, Grammar] = {
    "name": Grammar(NAME, "a name of lower-case letters, digits and _ (a letter first, at most 41)", "nightly_2"),
    "job_name": Grammar(NAME, "a name of lower-case letters, digits and _ (a letter first, at most 41)", "train_2"),
    "project_name": Grammar(
        "[a-z][a-z0-9_-]{0,62}", "a name of lower-case letters, digits, - and _ (a letter first)", "fraud-model"
    ),
    "version": Grammar(
        r"[0-9]+(?:\.[0-9]+){1,3}(?:(?:a|b|rc)[0-9]+)?(?:\.post[0-9]+)?(?:\.dev[0-9]+)?", "one exact version", "0.1.0"
    ),
    "python": Grammar(r"(?:>=)?3\.[0-9]{1,2}", "a Python version", '"3.11", or ">=3.11"'),
    "distribution": Grammar(
        "[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?", "the name of an installed package", "acme-stages"
    ),
    "host": Grammar(_HOST, "a host with its port, such as 127.0.0.1:5000", "127.0.0.1:5000"),
    "index": Grammar(
        r"https://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~/+%-]*)?"
        r"|http://(?:localhost|127\.0\.0\.1)(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~/+%-]*)?",
        "an https address without a password",
        "https://pypi.example/simple",
    ),
    "image": Grammar(
        rf"{_REPOSITORY}(?:{_TAG}|{_TAG}?@{SHA256})",
        "an image with a tag or a digest",
        "python:3.11-slim, or better python@sha256:...",
        _not_latest,
    ),
    "image_digest": Grammar(rf"{_REPOSITORY}{_TAG}?@{SHA256}", "an image with its digest", "ci/kit@sha256:..."),
    "repository": Grammar(
        _REGISTRY, "a repository with its host, without a tag", "registry.example/team/fraud", explain=_host_missing
    ),
    "tag": Grammar("[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", "an image's tag", "latest"),
    "base": Grammar(
        rf"scratch|oci:(?!-){_SAFE}+|{_REPOSITORY}(?:{_TAG}|{_TAG}?@{SHA256})",
        "a base image: scratch, oci:FOLDER[:TAG], or an image with a tag or a digest",
        "registry.example/python:3.11-slim",
    ),
    "platform": Grammar(r"linux/[a-z0-9]{1,20}(?:/v[0-9]{1,2})?", "an OCI platform", "linux/amd64"),
    "module": Grammar(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*", "a Python module", "model.serving"),
    "variable": Grammar("[A-Za-z_][A-Za-z0-9_]{0,99}", "the name of a variable", "REGISTRY_TOKEN"),
    "secret_variable": Grammar("[A-Za-z_][A-Za-z0-9_]{0,99}", "the name of a variable", "REGISTRY_TOKEN"),
    "cron": Grammar(r"[0-9*/, -]+", "a cron expression of numbers", '"0 2 * * *"', cron_complaint),
    "timezone": Grammar(r"[A-Za-z][A-Za-z0-9_+/-]{0,60}", "an IANA time zone", "Europe/Berlin", _timezone),
    "branch": Grammar(rf"(?!.*\*){REF_PATTERN}", "the name of a branch", "main"),
    "ref": Grammar(REF_PATTERN, "a branch, or a pattern of one with at most three *", "release/*"),
    "event": Grammar(
        rf"merge_request|push|tag|schedule|manual|(?:branch|tag):{REF_PATTERN}|schedule:{NAME}",
        "an event",
        "merge_request, push, branch:main, tag:v*, schedule:nightly, manual",
        explain=_event_explained,
    ),
    "glob": Grammar(GLOB, "a pattern of files inside the project", "src/**", explain=_why_outside),
    "path": Grammar(PATH, "a path inside the project", "data/train.csv", explain=_why_outside),
    "package": Grammar(
        rf"(?!.*//)(?!.*/$){PATH}",
        "a package's file inside the project, or a name in the store",
        "baseline/production.tar, or production",
        explain=_package_explained,
    ),
    "namespace": Grammar("[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", "a Kubernetes namespace", "fraud-staging"),
    "object_name": Grammar(
        r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?", "the name of an object in Kubernetes", "registry-login"
    ),
    "quantity": Grammar(
        r"(?:[0-9]{1,9}\.)?[0-9]{1,9}(?:[mkMGTP]|[KMGTP]i)?", "an amount as Kubernetes writes it", "500m, 2 or 512Mi"
    ),
    "digest": Grammar(SHA256, "a digest", "sha256: and 64 hexadecimal digits"),
    "label": Grammar(r"[^\x00-\x1f\x7f]{1,200}", "a name on one line, at most 200 characters long", "income"),
    "text": Grammar(r"[\s\S]*", "text", "any text"),
    "source": Grammar(
        r"(?!.*#(?:.*/)?\.\.(?:/|$))git\+(?:https|ssh|file)://[A-Za-z0-9._~@:/+-]*[A-Za-z0-9_/]"
        r"@[A-Za-z0-9][A-Za-z0-9._/-]*(?:#[A-Za-z0-9_.][A-Za-z0-9._/-]*)?"
        rf"|(?!-)(?!git\+){_SAFE}+",
        "a path, or git+URL@TAG with an optional #FILE",
        "git+https://git.example/ml.git@v7",
    ),
    "locked_path": Grammar(
        r"[a-z][a-z0-9_]*(?:\.[A-Za-z0-9_-]+)*", "the path of a key", "environments.production.approval"
    ),
}
