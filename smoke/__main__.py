"""`python -m smoke gitlab|jenkins`: the conformance cases on a real server."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence

from pipeline_kit import __version__
from pipeline_kit.descriptor.parameter import Value
from smoke.case import chosen, files_of
from smoke.server import Server, ServerError
from tests.conformance.case import Case

TOKENS = {"gitlab": "GITLAB_TOKEN", "jenkins": "JENKINS_TOKEN"}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the cases, a line each, and returns the exit code: 0 all as expected, 1 not, 2 usage, 3 the server."""
    arguments = parser().parse_args(argv)
    cases, left_out = chosen()
    if arguments.case:
        unknown = sorted(set(arguments.case) - {case.name for case in cases})
        if unknown:
            print(f"smoke: no case to run: {unknown[0]} ({left_out.get(unknown[0], 'unknown')})", file=sys.stderr)
            return 2
        cases = [case for case in cases if case.name in arguments.case]
    try:
        failed = run(open_server(arguments), cases, kit_of(arguments))
    except ServerError as error:
        print(f"smoke: {error}", file=sys.stderr)
        return 3
    print(f"{len(cases) - failed} of {len(cases)} cases ended as expected; {len(left_out)} left out")
    if not arguments.case:
        for name, reason in left_out.items():
            print(f"  left out {name}: {reason}")
    return 1 if failed else 0


def run(server: Server, cases: Sequence[Case], kit: str) -> int:
    """How many cases did not end as expected."""
    failed = 0
    for case in cases:
        differences = compare(case.outcomes, server.run(f"smoke: {case.name}", files_of(case, kit)))
        failed += bool(differences)
        print(f"{'differs' if differences else 'as expected':12} {case.name}", flush=True)
        for line in differences:
            print(f"             {line}", flush=True)
    return failed


def compare(expected: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """What differs; a job that did not start may be missing on the server."""
    idle = ("skipped", "waiting")
    lines = []
    for job in sorted({*expected, *found}):
        wanted, ended = expected.get(job, "not there"), found.get(job, "not there")
        if wanted != ended and not (wanted in idle and ended == "not there"):
            lines.append(f"{job}: {ended}, expected {wanted}")
    return lines


def parser() -> argparse.ArgumentParser:
    """What the command line takes."""
    top = argparse.ArgumentParser(prog="python -m smoke", description="The conformance cases on a real server.")
    servers = top.add_subparsers(dest="server", required=True, metavar="gitlab|jenkins")
    for name, variable in TOKENS.items():
        each = servers.add_parser(name, help=f"on a {name.capitalize()}; the token is in the variable {variable}")
        each.add_argument("--url", required=True, help="the server's address")
        each.add_argument("--case", action="append", metavar="NAME", help="only this case; may be given again")
        each.add_argument("--image", help="the image of the kit, by digest (default: pip installs this version)")
        each.add_argument("--minutes", type=float, default=20, help="how long a case may take (default: 20)")
        if name == "gitlab":
            each.add_argument("--project", required=True, help="GROUP/NAME of a project made for this")
        else:
            each.add_argument("--user", required=True, help="whose token it is")
            each.add_argument("--job", required=True, help="the multibranch pipeline")
            each.add_argument("--repository", required=True, help="the git address of what it builds")
    return top


def kit_of(arguments: argparse.Namespace) -> str:
    """The descriptor's value for how CI gets the kit, as YAML."""
    kit: Mapping[str, Value] = {"version": __version__, **({"image": arguments.image} if arguments.image else {})}
    return json.dumps(kit)  # JSON is YAML


def open_server(arguments: argparse.Namespace) -> Server:
    """The server that the command line names. Raises ServerError."""
    token = os.environ.get(TOKENS[arguments.server])
    if not token:
        raise ServerError(f"the variable {TOKENS[arguments.server]} is not set")
    seconds = arguments.minutes * 60
    if arguments.server == "gitlab":
        from smoke import gitlab_server

        return gitlab_server.connect(arguments.url, arguments.project, token, seconds)
    from smoke import jenkins_server

    place = jenkins_server.Place(arguments.url, arguments.job, arguments.repository)
    return jenkins_server.connect(place, arguments.user, token, seconds)


if __name__ == "__main__":
    raise SystemExit(main())
