"""`python -m smoke SERVER`: the conformance cases on a real server."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence

from pipeline_kit import __version__
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.errors import InfrastructureError
from pipeline_kit.render.client import Client
from pipeline_kit.servers import SERVERS
from smoke.case import chosen, files_of
from tests.conformance.case import Case


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
    except InfrastructureError as error:
        print(f"smoke: {error}", file=sys.stderr)
        return 3
    print(f"{len(cases) - failed} of {len(cases)} cases ended as expected; {len(left_out)} left out")
    if not arguments.case:
        for name, reason in left_out.items():
            print(f"  left out {name}: {reason}")
    return 1 if failed else 0


def run(server: Client, cases: Sequence[Case], kit: str) -> int:
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
        required, ended = expected.get(job, "not there"), found.get(job, "not there")
        if required != ended and not (required in idle and ended == "not there"):
            lines.append(f"{job}: {ended}, expected {required}")
    return lines


def parser() -> argparse.ArgumentParser:
    """What the command line takes."""
    top = argparse.ArgumentParser(prog="python -m smoke", description="The conformance cases on a real server.")
    names = "|".join(SERVERS.names())
    servers = top.add_subparsers(dest="server", required=True, metavar=names)
    for name, server in SERVERS.all().items():
        help_text = f"on a {server.words.title}; the token is in the variable {token_variable(name)}"
        command = servers.add_parser(name, help=help_text)
        command.add_argument("--url", required=True, help="the server's address")
        command.add_argument("--case", action="append", metavar="NAME", help="only this case; may be given again")
        command.add_argument("--image", help="the image of the kit, by digest (default: pip installs this version)")
        command.add_argument("--minutes", type=float, default=20, help="how long a case may take (default: 20)")
        for option, meaning in server.client_options.items():
            command.add_argument(f"--{option}", required=True, help=meaning)
    return top


def token_variable(server: str) -> str:
    """The variable that holds the token of a server."""
    return f"{server.upper()}_TOKEN"


def kit_of(arguments: argparse.Namespace) -> str:
    """The descriptor's value for how CI gets the kit, as YAML."""
    kit: Mapping[str, Value] = {"version": __version__, **({"image": arguments.image} if arguments.image else {})}
    return json.dumps(kit)  # JSON is YAML


def open_server(arguments: argparse.Namespace) -> Client:
    """The server that the command line names. Raises InfrastructureError."""
    variable = token_variable(arguments.server)
    if not os.environ.get(variable):
        raise InfrastructureError(f"the variable {variable} is not set")
    server = SERVERS.load(arguments.server)
    options = {name: getattr(arguments, name) for name in ("url", *server.client_options)}
    return server.client({**options, "token": os.environ[variable]}, arguments.minutes * 60)


if __name__ == "__main__":
    raise SystemExit(main())
