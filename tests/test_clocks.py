"""No test asserts how long something takes: `make bench` compares times, beside a peer."""

from __future__ import annotations

import pytest

from tests.clocks import timed_assertions
from tests.conftest import ROOT

HEAD = "import time\nfrom time import monotonic\n\n\n"
TIMED = {
    "a difference": "def test():\n    started = time.monotonic()\n    assert time.monotonic() - started < 10\n",
    "a clock imported by name": "def test():\n    started = monotonic()\n    assert 1 <= monotonic() - started\n",
    "a name": "def test():\n    a = time.time()\n    took = 1000 * (time.time() - a)\n    assert took < 5, 'slow'\n",
    "a list": "def test():\n    times = []\n    times.append(time.process_time() - 0)\n    assert min(times) < 5\n",
    "a mapping": "def test():\n    at = {}\n    at.setdefault(1, monotonic())\n    assert at[1] - at[2] > 0.5\n",
    "a function": "def took():\n    a = monotonic()\n    return 1, monotonic() - a\n\n\ndef test():\n"
    "    one, seconds = took()\n    assert seconds < 3\n",
    "in a chain": "def test():\n    a = monotonic()\n    assert a and 1 <= monotonic() - a < 3\n",
}
UNTIMED = {
    "a deadline of a loop": "def test():\n    end = time.monotonic() + 60\n    while time.monotonic() < end:\n"
    "        time.sleep(0.1)\n    assert time.monotonic() < end, 'nothing happened within a minute'\n",
    "a number": "def test():\n    total = 7\n    assert total - 1 < 10\n",
    "a timeout": "def test(process):\n    process.communicate(timeout=60)\n    assert process.returncode == 0\n",
}


@pytest.mark.parametrize("name", TIMED)
def test_a_timed_assertion_is_found(name: str) -> None:
    """Whatever way the duration takes to the comparison."""
    assert len(timed_assertions(HEAD + TIMED[name])) == 1


@pytest.mark.parametrize("name", UNTIMED)
def test_deadlines_are_not_timed_assertions(name: str) -> None:
    """A loop that polls may fail when its condition does not come true."""
    assert timed_assertions(HEAD + UNTIMED[name]) == []


def test_no_test_is_timed() -> None:
    """In no file below tests/."""
    files = [path for path in (ROOT / "tests").rglob("*.py") if "cases" not in path.relative_to(ROOT).parts]
    texts = {path: text for path in files if "time" in (text := path.read_text())}
    timed = [f"{path.relative_to(ROOT)}:{line}" for path, text in texts.items() for line in timed_assertions(text)]
    assert not timed, "assert an order of events or a count, or compare with a peer in benchmarks/"
