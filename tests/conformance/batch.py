"""All cases on all executors, two at a time: starting Java or Node for each test would cost most of the time."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.conformance.case import CASES
from tests.conformance.executors import Checkout, Told, check_out, jenkins_build, run_here, run_on_gitlab, told
from tests.executors.jenkins_harness import run_builds

AT_A_TIME = 2


def run_all(names: Collection[str], folder: Path) -> dict[str, dict[str, Told]]:
    """What each executor tells of each of the cases."""
    checkouts = [check_out(CASES[name], folder / name) for name in names]
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        jenkins = pool.submit(run_on_jenkins, checkouts)
        here = [pool.submit(run_here, each) for each in checkouts]
        gitlab = [pool.submit(run_on_gitlab, each) for each in checkouts]
        return {
            checkout.case.name: {"here": one.result(), "gitlab": two.result(), "jenkins": three}
            for checkout, one, two, three in zip(checkouts, here, gitlab, jenkins.result(), strict=True)
        }


def run_on_jenkins(checkouts: list[Checkout]) -> list[Told]:
    """The cases' Jenkinsfiles, in one Java process."""
    runs = run_builds([jenkins_build(each) for each in checkouts])
    return [told(checkout, "jenkins", run) for checkout, run in zip(checkouts, runs, strict=True)]
