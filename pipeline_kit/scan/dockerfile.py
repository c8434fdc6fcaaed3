"""Unsafe instructions and secrets in Dockerfiles, by line. Pure: text in, findings out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline_kit.scan.finding import Finding, find, masked
from pipeline_kit.scan.heuristic import is_placeholder, is_secret_name
from pipeline_kit.scan.manifests import may_change

NAMES = re.compile(r"(?:.*/)?(?:(?:Dockerfile|Containerfile)(?:\.(?!j2$|md$)[\w-]+)?|[\w.-]+\.[Dd]ockerfile)")
ROOTS = ("root", "0")
PIPED = re.compile(
    r"\b(?:curl|wget)\b[^|;&]{0,2000}\|\s*(?:sudo\s+(?:-\S+\s+)*)?(?:env\s+)?(?:\S*/)?(?:ba|da|z|k)?sh\b"
    r"|\b(?:curl|wget)\b[^|;&]{0,2000}\|\s*(?:sudo\s+)?(?:\S*/)?(?:python|perl|ruby|node)[\d.]*\b"
    r"|\b(?:ba|z)?sh\s+(?:-c\s+)?[\"']?(?:<\(|\$\()\s*(?:curl|wget)\b"
)
PAIR = re.compile(r"([A-Za-z_]\w*)=(\"(?:[^\"\\]|\\.){0,4000}\"|'[^']{0,4000}'|\S*)")
HEREDOC = re.compile(r"<<-?[\"']?([A-Za-z_]\w*)[\"']?")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: its word in capitals, what follows with continuations joined, and its first line."""

    word: str
    rest: str
    line: int


def is_dockerfile(path: str) -> bool:
    """Whether a file of that name is one; a template of one is not."""
    return NAMES.fullmatch(path) is not None


def check_dockerfile(text: str, path: str) -> list[Finding]:
    """The findings of a Dockerfile, in the order of their lines."""
    findings: list[Finding] = []
    stages: dict[str, str] = {}  # by name, the user that each ends with
    user, line, stage = "", 1, ""
    for instruction in instructions(text):
        if instruction.word == "FROM":
            base, stage = source(instruction.rest)
            findings.extend(check_from(instruction, base, stages, path))
            user, line = stages.get(base.lower(), "nonroot" if "nonroot" in base else ""), instruction.line
        elif instruction.word == "USER":
            user, line = instruction.rest.strip(), instruction.line
        else:
            findings.extend(check_instruction(instruction, path))
        stages[stage.lower()] = user
    name = user.partition(":")[0]
    if stages and (not name or name in ROOTS):
        message = f"ends as USER {user}" if user else "has no USER in its last stage"
        findings.append(find("dockerfile_root", path, message, line))
    return sorted(findings, key=lambda each: each.line or 0)


def instructions(text: str) -> Iterator[Instruction]:
    """The instructions, comments left out, continued lines and here-documents joined."""
    lines = enumerate(text.splitlines(), 1)
    for number, line in lines:
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        joined = stripped
        while joined.endswith("\\"):
            _, following = next(lines, (0, ""))
            following = following.strip()
            joined = joined[:-1] + ("\\" if following.startswith("#") else following)
        for word in HEREDOC.findall(joined):
            for _, following in lines:
                if following.strip() == word:
                    break
                joined += f"\n{following}"
        word, _, rest = joined.partition(" ")
        yield Instruction(word.upper(), rest.strip(), number)


def source(rest: str) -> tuple[str, str]:
    """What FROM builds on, and the stage's name."""
    words = [word for word in rest.split() if not word.startswith("--")]
    named = words[2] if len(words) > 2 and words[1].lower() == "as" else ""
    return (words[0] if words else ""), named


def check_from(each: Instruction, base: str, stages: dict[str, str], path: str) -> Iterator[Finding]:
    """Whether a stage's base may change; an earlier stage may not."""
    if base and base.lower() not in stages and may_change(base):
        yield find("latest_tag", path, f"builds on {base}", each.line, subject=base)


def check_instruction(each: Instruction, path: str) -> Iterator[Finding]:
    """The findings of one instruction."""
    if each.word == "ADD" and re.search(r"(?:^|\s)(?:https?|ftp)://", each.rest) and "--checksum=" not in each.rest:
        yield find("remote_add", path, "ADD of an address, without a checksum", each.line)
    elif each.word == "RUN" and PIPED.search(each.rest):
        yield find("pipe_to_shell", path, "what is downloaded goes to an interpreter at once", each.line)
    elif each.word in ("ENV", "ARG"):
        yield from check_variables(each, path)


def check_variables(each: Instruction, path: str) -> Iterator[Finding]:
    """Secrets that ENV and ARG give to names, and build arguments that are meant for one."""
    pairs = PAIR.findall(each.rest)
    if not pairs:
        name, _, value = each.rest.partition(" ")
        pairs = [(name, value)]
    for name, quoted in pairs:
        value = quoted.strip().strip("\"'")
        if is_secret_name(name) and value and not is_placeholder(value):
            message = f"{each.word} {name} has a value: {masked(value)}"
            yield find("secret_in_dockerfile", path, message, each.line, subject=name)
        elif is_secret_name(name) and each.word == "ARG":
            yield find(
                "secret_argument", path, f"the build argument {name} is meant for a secret", each.line, subject=name
            )
