"""What the command line takes."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any, NoReturn

from pipeline_kit import __version__
from pipeline_kit.servers import SERVERS
from pipeline_kit.suggest import nearest

EVENTS = ("push", "merge_request", "tag", "schedule", "manual")
PROFILES = ("tabular", "lightning", "bare")


class Parser(argparse.ArgumentParser):
    """A parser that takes no abbreviations, so that a new option never changes what an old script means."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{"allow_abbrev": False, **options})

    def error(self, message: str) -> NoReturn:
        """Ends with exit code 2, and the nearest word where one of a list was misspelt."""
        match = re.search(r"invalid choice: '([^']*)' \(choose from (.*)\)", message)
        near = nearest(match[1], re.findall(r"[\w-]+", match[2])) if match else None
        super().error(f"{message}\ndid you mean `{near}`?" if near else message)


def build_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line; `command` is the module in `cli.commands` that serves it."""
    parser = Parser(prog="pipeline-kit", description="CI pipelines for AI models, from one descriptor.")
    parser.add_argument("--version", action="version", version=f"pipeline-kit {__version__}")
    add_directory(parser, Path())
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=Parser)
    add_init(commands)
    add_plan(commands)
    add_run(commands)
    add_report(commands)
    add_render(commands)
    add_answers(commands)
    add_questions(commands)
    add_records(commands)
    add_replay(commands)
    add_predict(commands)
    add_verify(commands)
    add_releases(commands)
    add_lint(commands)
    return parser


def add_directory(parser: argparse.ArgumentParser, default: Any) -> None:
    """Adds `-C`, which every command takes, before or after its name."""
    help_text = "the project's directory (default: this one)"
    option = parser.add_argument("-C", dest="directory", metavar="DIR", type=Path, default=default, help=help_text)
    vars(option)["complete"] = {"bash": "_shtab_compgen_dirs", "zsh": "_files -/"}  # read by shtab


def command(commands: Any, name: str, help_text: str, *, json: bool = False) -> argparse.ArgumentParser:
    """A command's parser."""
    parser: argparse.ArgumentParser = commands.add_parser(name, help=help_text, description=help_text)
    add_directory(parser, argparse.SUPPRESS)
    if json:
        parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def add_event(parser: argparse.ArgumentParser) -> None:
    """Adds the options that say what starts a pipeline."""
    parser.add_argument("--event", choices=EVENTS, help="only the jobs that this event starts")
    parser.add_argument("--branch", metavar="B", help="of a push, or a merge request's source")
    parser.add_argument("--tag", metavar="T", help="of a tag event")
    parser.add_argument("--schedule", metavar="S", help="of a schedule event: its name in the descriptor")
    parser.add_argument("--changed", metavar="PATH", nargs="+", help="the paths that a merge request changed")
    parser.add_argument("--fork", action="store_true", help="a merge request from another repository")


def server_names() -> str:
    """The built-in CI servers, as help lists what `--ci` takes."""
    return ",".join(SERVERS.names())


def add_init(commands: Any) -> None:
    """`init`."""
    parser = command(commands, "init", "Make a new project, or propose the descriptor of one that is there.")
    parser.add_argument("target", metavar="DIR", type=Path, nargs="?", default=Path(), help="where (default: here)")
    parser.add_argument("--profile", choices=PROFILES, help="what kind of new project")
    parser.add_argument("--name", help="the project's name (default: the directory's)")
    parser.add_argument("--ci", metavar="NAMES", default=None, help=f"CI files of {server_names()} (default: all)")
    help_text = "an installed package with extensions, such as another CI server; repeatable"
    parser.add_argument("--plugin", metavar="PACKAGE", action="append", help=help_text)
    help_text = "the lock file, in the project, that pins the kit and its plugins for CI by version and hash"
    parser.add_argument("--kit-lock", metavar="FILE", help=help_text)
    parser.add_argument("--defaults", action="store_true", help="ask nothing: accept every suggestion")
    parser.add_argument("--dry-run", action="store_true", help="of a project that is there: show what would be written")
    parser.add_argument("--force", metavar="FILE", action="append", help="a file that may be overwritten; repeatable")
    parser.add_argument("--train", metavar="FILE", help="the script that trains, where there are several")


def add_plan(commands: Any) -> None:
    """`plan`."""
    parser = command(commands, "plan", "Show the jobs in their order.", json=True)
    add_event(parser)
    parser.add_argument("--format", choices=("table", "json", "mermaid"), default="table", help="default: table")


def add_run(commands: Any) -> None:
    """`run` and `job`."""
    parser = command(commands, "run", "Run the pipeline here, or the named jobs and what they need.", json=True)
    parser.add_argument("jobs", metavar="JOB", nargs="*", help="only these, and what they need")
    add_event(parser)
    parser.add_argument("--jobs", "-j", dest="parallel", metavar="N", type=int, help="how many at a time")
    parser.add_argument("--no-cache", action="store_true", help="run what the cache could give, and keep nothing")
    parser.add_argument("--dry-run", action="store_true", help="only say what would run")
    parser = command(commands, "job", "Run one job: the line that CI servers execute.")
    parser.add_argument("name", metavar="NAME", help="its name in the descriptor, or in the plan of a matrix")


def add_report(commands: Any) -> None:
    """`report`."""
    parser = command(commands, "report", "Gather what all jobs left into one report: the last job of a CI pipeline.")
    help_text = "also put it into the merge request, with the secret that `report.comment` names"
    parser.add_argument("--comment", action="store_true", help=help_text)
    help_text = "of results that were downloaded: a folder with one folder a job (default: the results made here)"
    parser.add_argument("--from", dest="results", metavar="FOLDER", type=Path, help=help_text)


def add_render(commands: Any) -> None:
    """`render`."""
    parser = command(commands, "render", "Write the CI files.", json=True)
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--check", action="store_true", help="write nothing; exit 1 where a file differs")
    either.add_argument("--diff", action="store_true", help="write nothing; show what would change, and what it means")
    help_text = f"files of {server_names()} (default: those that exist)"
    parser.add_argument("--ci", metavar="NAMES", default=None, help=help_text)
    parser.add_argument("--overwrite", action="store_true", help="also files that the kit did not render")


def add_answers(commands: Any) -> None:
    """`config`, `explain`, `stages`, `doctor` and `eject`."""
    help_text = "Print the descriptor as it counts: all layers merged and checked, defaults filled in."
    parser = command(commands, "config", help_text, json=True)
    parser.add_argument("--origin", action="store_true", help="say behind each value which layer, file and line set it")
    help_text = "Say of a line of a CI file which job, key of the descriptor, layer and template it comes from."
    parser = command(commands, "explain", help_text, json=True)
    parser.add_argument("place", metavar="FILE:LINE", help="of a CI file; without a line all of the file")
    parser = command(
        commands, "stages", "List the stages that jobs may use, or say what one takes and leaves.", json=True
    )
    parser.add_argument("name", metavar="NAME", nargs="?", help="the stage to describe in full")
    help_text = "Check this machine, this project and its CI files; print a fix for each problem."
    command(commands, "doctor", help_text, json=True)
    help_text = "Make CI files the project's own: the kit then neither writes nor checks them."
    parser = command(commands, "eject", help_text)
    parser.add_argument("file", metavar="FILE", nargs="?", help="a CI file (default: those that are here)")


def add_questions(commands: Any) -> None:
    """`why`, `schema` and `completion`."""
    parser = command(commands, "why", "Say why a job ran, was skipped, or missed the cache.", json=True)
    parser.add_argument("name", metavar="JOB")
    command(commands, "schema", "Print the descriptor's JSON Schema.")
    parser = command(commands, "completion", "Print a completion script.")
    parser.add_argument("shell", choices=("bash", "zsh", "fish"))


def add_records(commands: Any) -> None:
    """`decide` and `organisation`."""
    parser = command(commands, "decide", "Record that an undecided job may pass; its next run then does.")
    parser.add_argument("name", metavar="JOB")
    parser.add_argument("--reason", required=True, help="why it may pass")
    parser.add_argument("--by", help="who says so (default: git's user.name)")
    help_text = "a downloaded result.json of the job (default: the result made here)"
    parser.add_argument("--from", dest="result", metavar="RESULT", type=Path, help=help_text)
    parser = command(commands, "organisation", "Fetch the organisation's file and pin it by digest.")
    parser.add_argument("action", choices=("update",), help="fetch the file that `organisation.source` names")


def add_lint(commands: Any) -> None:
    """`lint`."""
    parser = command(commands, "lint", "Find what is wrong in a CI file.", json=True)
    parser.add_argument("file", metavar="FILE", nargs="?", help="the file (default: the CI files that exist)")


def add_predict(commands: Any) -> None:
    """`predict`."""
    help_text = "Ask an image, run as a plain process, or a pod of a release for predictions, and print them."
    parser = command(commands, "predict", help_text, json=True)
    help_text = "an image: oci:FOLDER, or registry.example/team/name:tag (default: the newest that a run here has made)"
    parser.add_argument("image", metavar="IMAGE", nargs="?", help=help_text)
    help_text = "query a pod there: an environment, or the job that releases to it"
    parser.add_argument("--environment", metavar="ENVIRONMENT", help=help_text)
    help_text = "rows, as CSV or JSON (default: the first row of the data that the model was judged on)"
    parser.add_argument("--rows", metavar="FILE", type=Path, help=help_text)


def add_verify(commands: Any) -> None:
    """`verify` and `keys`."""
    help_text = "Prove that an image holds what was judged, that nothing in it was changed, and who signed it."
    parser = command(commands, "verify", help_text, json=True)
    help_text = "an image: oci:FOLDER, registry.example/team/name@sha256:..., or registry.example/team/name:tag"
    parser.add_argument("image", metavar="IMAGE", help=help_text)
    help_text = "a public key (PEM) that may have signed; repeatable"
    parser.add_argument("--key", metavar="FILE", type=Path, action="append", help=help_text)
    help_text = "the signed statement (default: the one that is attached to the image)"
    parser.add_argument("--attestation", metavar="FILE", type=Path, help=help_text)
    help_text = "check digests only: not who made the image"
    parser.add_argument("--unsigned", action="store_true", help=help_text)
    parser = command(commands, "keys", "Make a pair of keys to sign images with, and say where each belongs.")
    parser.add_argument("folder", metavar="DIR", type=Path, help="where to; nothing there is overwritten")


def add_releases(commands: Any) -> None:
    """`deploy`, `rollback` and `releases`."""
    help_text = "Release to an environment from here, as its job does on a CI server; or say what that would change."
    parser = command(commands, "deploy", help_text, json=True)
    add_environment(parser)
    help_text = "change nothing: show what would, field by field, and exit 1 where the release would be refused"
    parser.add_argument("--diff", action="store_true", help=help_text)
    help_text = "Bring back a revision that has been live: image, model and manifests as one."
    parser = command(commands, "rollback", help_text, json=True)
    add_environment(parser)
    parser.add_argument("--to", metavar="N", type=int, help="its number (default: the newest before it)")
    parser = command(
        commands, "releases", "Show what was released to an environment, and what became of it.", json=True
    )
    parser.add_argument("action", choices=("list", "show"), help="all revisions, or one with all it consists of")
    add_environment(parser)
    parser.add_argument(
        "revision", metavar="N", type=int, nargs="?", help="of show: its number (default: the live one)"
    )


def add_environment(parser: argparse.ArgumentParser) -> None:
    """Adds the environment that a command for releases is about."""
    help_text = "the environment, or the job that releases to it (default: the only one)"
    parser.add_argument("environment", metavar="ENVIRONMENT", nargs="?", help=help_text)


def add_replay(commands: Any) -> None:
    """`replay`."""
    help_text = (
        "Run a job of another run again locally, in the state that its result records, and compare the outcomes."
    )
    parser = command(commands, "replay", help_text)
    parser.add_argument("name", metavar="NAME", help="the job's name in the plan")
    parser.add_argument(
        "--from",
        dest="result",
        metavar="RESULT",
        type=Path,
        required=True,
        help="its result.json, such as one downloaded from CI with the rest of .pipeline-kit/out",
    )
    parser.add_argument("--anyway", action="store_true", help="run it although the environment or the kit differ")
