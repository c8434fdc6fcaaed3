"""Calls an action that may hang, such as on a network disk, and waits for as long as it shows signs of life."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TypeVar

Result = TypeVar("Result")


def while_alive(silence_seconds: float, action: Callable[[Callable[[], None]], Result]) -> Result:
    """Runs the action in a thread and returns its result; the action gets a function to call after each piece of work.

    Raises TimeoutError when that was not called for so many seconds, and the action has not ended. The thread is left
    behind: a call that hangs in the kernel cannot be ended, and goes with the process.
    """
    signs: SimpleQueue[None] = SimpleQueue()
    results: list[Result] = []
    raised: list[BaseException] = []

    def work() -> None:
        try:
            results.append(action(lambda: signs.put(None)))
        except BaseException as error:  # raised again below, in the thread that waits
            raised.append(error)
        finally:
            signs.put(None)

    threading.Thread(target=work, daemon=True).start()
    while not (results or raised):
        try:
            signs.get(timeout=silence_seconds)
        except Empty:
            raise TimeoutError(f"no answer for {silence_seconds:g} s") from None
    if raised:
        raise raised[0]
    return results[0]
