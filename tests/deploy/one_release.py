"""One release by a process of its own, for tests that end it: `python -m tests.deploy.one_release ORDER.json`.

The order names the moment at which the process sends itself a signal, such as SIGKILL, before it does anything more.
It ends as a job does: by the exit code of the error's category, or of the signal that it took.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from pipeline_kit.deploy.record import Content, ReleaseRecord, Revision, as_document, read_record
from pipeline_kit.errors import KitError
from pipeline_kit.runner.exit_codes import ExitCode, exit_code_of_error
from pipeline_kit.runner.stop import Interrupted, Stop, stoppable
from tests.deploy.moments import Once, Watched
from tests.deploy.parts import require_cluster
from tests.deploy.real_release import Ground, deploy, go_back


def order(
    ground: Ground, wanted: Content | None, *, moment: str = "", sends: str = "SIGKILL", lease_seconds: int, by: str
) -> str:
    """An order as text; without a content it is to roll back."""
    record = as_document(ReleaseRecord("", (Revision(1, wanted),))) if wanted else None
    told = {"namespace": ground.namespace, "record": record, "moment": moment, "signal": sends}
    return json.dumps({**told, "lease_seconds": lease_seconds, "by": by})


def main(path: Path) -> int:
    """The exit code of the release that the file orders."""
    told = json.loads(path.read_text(encoding="utf-8"))
    cluster = require_cluster()
    ground = Ground(cluster, told["namespace"], {})
    number = signal.Signals[told["signal"]]
    watched = Watched(cluster, Once(told["moment"], lambda: os.kill(os.getpid(), number)))
    options = {"lease_seconds": told["lease_seconds"], "by": told["by"], "log": lambda line: print(line, flush=True)}
    try:
        with stoppable(Stop(lambda: None, raising=True)):
            if told["record"] is None:
                go_back(ground, watched, **options)
            else:
                deploy(ground, read_record(told["record"]).revisions[0].content, watched, **options)
    except KitError as error:
        print(f"error: {error.message}", flush=True)
        return exit_code_of_error(error)
    except Interrupted as stop:
        print(f"error: {stop}", flush=True)
        return exit_code_of_error(stop)
    return ExitCode.PASSED


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
