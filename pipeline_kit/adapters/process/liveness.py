"""Work that may never come back, such as on a disk over a network: waited for as long as it shows signs of life."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TypeVar

Found = TypeVar("Found")


def patiently(patience_seconds: float, action: Callable[[Callable[[], None]], Found]) -> Found:
    """What the action returns, done in a thread; it is handed a function that it calls after each piece of its work.

    Raises TimeoutError when that was not called, and the action has not ended, for so many seconds, and leaves the
    thread behind: what the kernel holds cannot be ended, and goes with the process.
    """
    signs: SimpleQueue[None] = SimpleQueue()
    found: list[Found] = []
    raised: list[BaseException] = []

    def work() -> None:
        try:
            found.append(action(lambda: signs.put(None)))
        except BaseException as error:  # raised again below, in the thread that waits
            raised.append(error)
        finally:
            signs.put(None)

    threading.Thread(target=work, daemon=True).start()
    while not (found or raised):
        try:
            signs.get(timeout=patience_seconds)
        except Empty:
            raise TimeoutError(f"no answer for {patience_seconds:g} s") from None
    if raised:
        raise raised[0]
    return found[0]
