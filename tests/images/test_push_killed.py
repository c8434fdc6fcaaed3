"""A push that is killed at any moment: the tag stays whole, and the next push sends only what is missing."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.images.faulty_registry import Plan, faulty_registry
from tests.images.pushing import whole
from tests.images.registry import Registry
from tests.images.test_push_faults import CHUNK, layers, pushed_before
from tests.images.test_registry import make_image

pytestmark = pytest.mark.registry
KILLS = 5
CHILD = """
import sys
from pathlib import Path
from pipeline_kit.adapters.registry import upload
from pipeline_kit.contract.image_documents import read_image
from pipeline_kit.images.oci.layout import Layout
from tests.images.pushing import Push
folder, repository = sys.argv[1:3]
upload.CHUNK = int(sys.argv[3])
layout = Layout(Path(folder) / "new")
print(Push(Path(folder) / "job", repository, layout, read_image(layout)).run().reason)
"""


@pytest.mark.parametrize("seed", range(3))
def test_a_killed_push_leaves_a_whole_tag_and_goes_on(
    seed: int, registry: Registry, tmp_path: Path, root: Path, count: Callable[[str, int], None]
) -> None:
    """SIGKILL at a request drawn at random, before it is forwarded, five times in a row; then it completes."""
    dice, path = random.Random(seed), f"killed/{seed}"
    _, old = pushed_before(registry, path, tmp_path / "old")
    _, new = make_image(tmp_path / "new", *layers(f"killed {seed}", 6 * CHUNK, 4 * CHUNK, 10))
    total = sum(each.size for each in new.layers)
    plan = Plan()
    with faulty_registry(registry.port, plan) as proxy:
        words = [sys.executable, "-c", CHILD, str(tmp_path), f"{proxy}/{path}", str(CHUNK)]
        for number in range(KILLS):
            process = subprocess.Popen(words, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            plan.watch = killer(process, dice.randint(3, 20 if number < 3 else 40))
            _, said = process.communicate(timeout=60)
            plan.watch = lambda method, path: None
            assert process.returncode in (0, -signal.SIGKILL), said.decode()
            count("pushes killed, and the tag whole", int(process.returncode != 0))
            assert whole(registry, path)["latest"] in (old.digest, new.digest)
        done = subprocess.run(words, cwd=root, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
    assert whole(registry, path)["latest"] == new.digest
    again = plan.bytes_sent - total
    count("bytes of the killed images", total)
    count("bytes sent more than once after kills", again)
    assert again <= KILLS * 3 * CHUNK  # at most the pieces under way, three at once


def killer(process: subprocess.Popen[bytes], wanted: int) -> Callable[[str, str], None]:
    """What ends the process at the so-manieth request."""
    numbers = iter(range(1, 10_000))

    def watch(method: str, path: str) -> None:
        if next(numbers) >= wanted:
            process.kill()

    return watch
