"""What the tests of the conformance share: all cases run once, on all executors."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.conformance.batch import run_all
from tests.conformance.executors import Told, as_json, from_json
from tests.executors.gitlab_local import require_gitlab_local
from tests.executors.jenkins_harness import require_groovy
from tests.executors.once import chosen, once


@pytest.fixture(scope="session")
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Mapping[str, Told]]:
    """What each executor told of each case of this run."""
    require_gitlab_local()
    require_groovy()
    names = chosen(request, "conformance_case")
    return from_json(once(tmp_path_factory, "conformance", lambda folder: as_json(run_all(names, folder))))
