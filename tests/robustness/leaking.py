"""A project whose code gives its secrets away in every way that it can, and what to look for afterwards."""

from __future__ import annotations

import base64
import html
import json
import textwrap
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

from tests.projects import commit, write_project

TEXT = "pa&ss<w0rd>'\" \\n%2F$HOME`id` \u00fcn\u00efc\u00f6de"
PASSWORD = "correct=horse+battery/staple"
KEY = "-----BEGIN PRIVATE KEY-----\n" + "\n".join(
    base64.b64encode(bytes((17 * row + 31 * column + row * column) % 256 for column in range(48))).decode()
    for row in range(6)
)
STORE = bytes((37 * number + 11) % 256 for number in range(300))

DESCRIPTOR = """
project: {name: demo, python: ">=3.11", lock: requirements.lock}
secrets:
  token: {type: text, gitlab: TOKEN, jenkins: token}
  registry: {type: username_password, gitlab: REGISTRY, jenkins: registry}
  key: {type: file, gitlab: KEY, jenkins: key}
  keystore: {type: file, gitlab: KEYSTORE, jenkins: keystore}
"""
SECRETS = "secrets: [token, registry, key, keystore]"

CODE = """
import base64, binascii, json, os, pathlib, sys, time
from urllib.parse import quote, quote_plus

def read(name):
    return os.environ["PIPELINE_KIT_SECRET_" + name]

TOKEN, PASSWORD = read("TOKEN"), read("REGISTRY_PASSWORD")
KEY, STORE = pathlib.Path(read("KEY")).read_text(), pathlib.Path(read("KEYSTORE")).read_bytes()

def prints(job):
    for secret in (TOKEN, PASSWORD, KEY):
        for half in (secret[:7], secret[7:]):
            sys.stdout.write(half); sys.stdout.flush(); time.sleep(0.01)
        print()
        for stream in (sys.stdout, sys.stderr):
            print("plain", secret, json.dumps(secret), repr(secret), ascii(secret), [secret], file=stream)
        print(quote(secret), quote(secret, safe=""), quote_plus(secret), secret.encode().hex(), secret.encode())
    for content in (TOKEN.encode(), PASSWORD.encode(), KEY.encode(), STORE):
        for before in (b"", b"a", b"ab", b"user:"):
            print("Basic", base64.b64encode(before + content).decode())
            print(base64.urlsafe_b64encode(before + content + b"x"))
        print(base64.encodebytes(content).decode(), content.hex(), repr(content))
        wrapped = base64.b64encode(content).decode()
        print("\\n".join(wrapped[at:at + 64] for at in range(0, len(wrapped), 64)))
    sys.stdout.write("progress\\r" + TOKEN + "\\rmore\\n")
    print("no end of line", TOKEN, end="")

def raises(job):
    raise ValueError(f"cannot log in with {TOKEN} nor with {KEY}")

def raises_at_the_cut(job):
    raise ValueError("x" * 270 + TOKEN + "y" * 1680 + KEY)

def chained(job):
    try:
        {}[PASSWORD]
    except KeyError as error:
        raise RuntimeError(TOKEN) from error

def ends_at_the_cut(job):
    print("z" * 265 + " " + PASSWORD)
    os._exit(3)

def memory(job):
    print("RuntimeError: CUDA out of memory. " + "z" * 250 + PASSWORD)
    os._exit(1)

def metrics(job):
    job.metric(TOKEN, 1.0)
    job.metric("of " + PASSWORD, 2.0)
    job.metric(KEY, 3.0)

def curves(job):
    job.step(epoch=1, **{TOKEN: 0.5})
    job.step(epoch=2, **{TOKEN: 0.25})
    job.metric(PASSWORD, 0.25)
    job.outputs["model"].write_text("{}")

def diverges(job):
    job.step(epoch=1, **{TOKEN: float("nan")})

def named(job):
    folder = job.outputs["folder"]
    folder.mkdir(exist_ok=True)
    (folder / quote(PASSWORD, safe="")).write_text("a file named so")

def written(job):
    job.outputs["folder"].mkdir(exist_ok=True)
    (job.outputs["folder"] / "settings.json").write_text(json.dumps({"password": TOKEN}))
    (job.outputs["folder"] / "secret.yml").write_text(base64.b64encode(STORE).decode())

def beside(job):
    job.outputs["folder"].mkdir(exist_ok=True)
    (job.outputs["folder"] / "good.txt").write_text("good")
    (job.outputs["folder"].parent / "debug.txt").write_text(KEY)
    raise ValueError("and then it fails")
"""
ARGV = """
import os, pathlib
token, password = os.environ["PIPELINE_KIT_SECRET_TOKEN"], os.environ["PIPELINE_KIT_SECRET_REGISTRY_PASSWORD"]
pathlib.Path(os.environ["PIPELINE_KIT_METRICS"]).write_text('{"x": "' + "y" * 20 + password + '"}')
pathlib.Path(os.environ["PIPELINE_KIT_STEPS"]).write_text("q" * 60 + token)
"""
STAGE = '''
"""Gives its secrets away in its result."""
from pipeline_kit.contract.result import Case, Outcome, StageResult
from pipeline_kit.errors import Category, InfrastructureError


def run(context):
    """What the descriptor asks for."""
    shown = [context.secrets["PIPELINE_KIT_SECRET_TOKEN"], context.secrets["PIPELINE_KIT_SECRET_REGISTRY_PASSWORD"]]
    end = context.settings["end"]
    if end == "infrastructure":
        raise InfrastructureError(f"the registry refuses {shown[0]}", hint=f"is {shown[1]} still right?")
    if end == "crash":
        raise ValueError(shown)
    cases = tuple(Case(text, text, 0.0, text if end == "failed" else None, text, None) for text in shown)
    cases += tuple(Case(text, text, 0.0, None, "", text) for text in shown)
    outcome = {"failed": Outcome.FAILED, "undecided": Outcome.UNDECIDED}.get(end, Outcome.PASSED)
    category = Category.PROJECT if end == "failed" else None
    facts = {"evidence": "sha256:" + "1" * 64, "deep": [{shown[0]: [shown]}], shown[1]: shown[0], "cause": shown[0]}
    return StageResult(outcome, f"logged in with {shown}", category, {shown[0]: 1, "as": shown[1]}, {}, cases, facts)
'''
FUNCTIONS = ("prints", "raises", "raises_at_the_cut", "chained", "ends_at_the_cut", "memory", "metrics")
FILES = ("named", "written", "beside")
ENDS = ("passed", "failed", "undecided", "crash", "infrastructure")
MAKES_NOTHING = ("named", "written")
"""Jobs that would pass, were it not for what they wrote."""


def jobs() -> Iterator[str]:
    """The jobs of the descriptor."""
    for name in FUNCTIONS:
        yield f'{name}: {{stage: command, run: "code:{name}", {SECRETS}}}'
    for name in FILES:
        yield f'{name}: {{stage: command, run: "code:{name}", {SECRETS}, outputs: {{folder: folder}}}}'
    for name in ("curves", "diverges"):
        yield f'{name}: {{stage: train, run: "code:{name}", {SECRETS}, outputs: {{model: model.json}}}}'
    for name in ENDS:
        yield f"stage_{name}: {{stage: probe, end: {name}, {SECRETS}}}"
    yield f"argv: {{stage: command, run: [python, argv.py], {SECRETS}}}"
    typed = json.dumps({"token": TEXT, "deep": [PASSWORD]})
    yield f'typed: {{stage: command, run: "code:metrics", parameters: {typed}, {SECRETS}}}'


def make_leaking_project(folder: Path) -> dict[str, str]:
    """The project; the variables that hold its secrets."""
    place = folder / "elsewhere"
    project = folder / "project"
    place.mkdir(parents=True)
    project.mkdir()
    (place / "key").write_text(KEY)
    (place / "keystore").write_bytes(STORE)
    (project / "requirements.lock").write_text("")
    (project / "code.py").write_text(CODE)
    (project / "argv.py").write_text(ARGV)
    write_project(project, textwrap.indent("\n".join(jobs()), "  ") + "\n", "")
    descriptor = project / "pipeline-kit.yml"
    descriptor.write_text(descriptor.read_text().replace("project: {name: demo}", DESCRIPTOR))
    (project / ".pipeline-kit/stages/probe/run.py").write_text(STAGE)
    commit(project)
    return {
        "PIPELINE_KIT_SECRET_TOKEN": TEXT,
        "PIPELINE_KIT_SECRET_REGISTRY_USERNAME": "robot",
        "PIPELINE_KIT_SECRET_REGISTRY_PASSWORD": PASSWORD,
        "PIPELINE_KIT_SECRET_KEY": str(place / "key"),
        "PIPELINE_KIT_SECRET_KEYSTORE": str(place / "keystore"),
    }


def forms() -> set[bytes]:
    """What must not be found: each secret in each writing, made here and not by the kit; twelve characters of it."""
    found: set[str] = set()
    for text in (TEXT, PASSWORD, *KEY.splitlines()):
        found |= {text, json.dumps(text)[1:-1], repr(text)[1:-1], ascii(text)[1:-1], html.escape(text)}
        found |= {quote(text), quote(text, safe=""), quote_plus(text), text.encode().hex(), repr(text.encode())[2:-1]}
    for content in (TEXT.encode(), PASSWORD.encode(), KEY.encode(), STORE):
        for offset in range(3):
            encoded = base64.b64encode(bytes(offset) + content).decode()[2 + offset : -4]
            found |= {encoded, encoded.replace("+", "-").replace("/", "_")}
            found |= {encoded[at : at + 64] for at in range(0, len(encoded) - 64, 64)}
        found |= {content.hex(), repr(content)[2:-1]}
    return {form.encode() for form in found if len(form) >= 8}


def found_in(content: bytes) -> list[bytes]:
    """The secrets that some bytes show."""
    return [form for form in forms() if form in content]
