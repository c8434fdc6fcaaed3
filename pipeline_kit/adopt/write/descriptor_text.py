"""The proposed descriptor as YAML: values quoted so that every reader gets the same value, a reason above each."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping, Sequence

from pipeline_kit.adopt.infer.draft import DraftJob, DraftRunner, Key
from pipeline_kit.contract.wording import readable
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.yaml.scalar import resolve

WIDTH = 110
_PLAIN = re.compile(r"(?:-{0,2}[A-Za-z_./][A-Za-z0-9_./=+@-]*|--|[0-9]+\.[0-9]+\.[0-9]+)")
_ELSEWHERE = frozenset(("y", "n", "~", "null", "true", "false", "yes", "no", "on", "off"))


def scalar(value: Value) -> str:
    """A value on one line, plain only where no YAML reader can take it for anything else."""
    if isinstance(value, str):
        plain = _PLAIN.fullmatch(value) and value.lower() not in _ELSEWHERE and resolve(value) == value
        return value if plain and not value.startswith(("---", "...")) and value != "<<" else quoted(value)
    return json.dumps(value)


def quoted(text: str) -> str:
    """A text in double quotes; what cannot be seen is written as its number."""
    inner = json.dumps(text, ensure_ascii=False)[1:-1]
    return '"' + "".join(text if text.isprintable() else _escaped(text) for text in inner) + '"'


def _escaped(letter: str) -> str:
    number = ord(letter)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def flow(value: Value) -> str:
    """A value in YAML's one-line form."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(key)}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    return scalar(value)


def comment(text: str, indent: str) -> list[str]:
    """A comment, broken at the width of the page."""
    words = readable(text, 400)
    return (
        [f"{indent}# {line}" for line in textwrap.wrap(words, WIDTH - len(indent), break_on_hyphens=False)]
        if words
        else []
    )


def key_lines(keys: Sequence[Key], indent: str) -> list[str]:
    """Keys, a line each; the reason is above."""
    names: list[str] = []
    for key in keys:
        names.extend(comment(key.why, indent))
        names.append(f"{indent}{scalar(key.name)}: {flow(key.value)}")
    return names


def descriptor_text(
    *,
    header: Sequence[str],
    top: Sequence[Key],
    project: Sequence[Key],
    runners: Sequence[DraftRunner],
    data: Sequence[tuple[str, Sequence[Key], Sequence[str]]],
    jobs: Sequence[DraftJob],
    footer: Sequence[str],
) -> str:
    """The whole file."""
    lines = [*(f"# {line}".rstrip() for line in header), *key_lines(top, ""), "project:", *key_lines(project, "  ")]
    if runners:
        lines += ["", "runners:"]
    for runner in runners:
        lines += comment(runner.why, "  ")
        named = {"image": runner.image, **runner.servers}
        lines.append(f"  {runner.name}: {flow({name: value for name, value in named.items() if value})}")
    if data:
        lines += ["", "data:"]
    for name, keys, why in data:
        lines += [line for text in why for line in comment(text, "  ")]
        lines += [f"  {scalar(name)}:", *key_lines(keys, "    ")]
    lines += ["", "jobs:"]
    for job in jobs:
        lines += _job_lines(job)
    lines += ["", *(f"# {line}".rstrip() for line in footer)] if footer else []
    return "\n".join(lines) + "\n"


def _job_lines(job: DraftJob) -> list[str]:
    """A job, the reasons for it above."""
    reasons = [line for reason in dict.fromkeys(job.why) for line in comment(reason, "  ")]
    keys = [] if job.stage == job.name else [Key("stage", job.stage)]
    keys += [Key("needs", list(job.needs))] if job.needs else []
    keys += job.keys
    if not keys:
        return [*reasons, f"  {job.name}: {{}}"]
    return [*reasons, f"  {job.name}:", *key_lines(keys, "    ")]
