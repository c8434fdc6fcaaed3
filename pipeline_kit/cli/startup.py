"""What keeps a short command short: its process begins without what it hardly ever needs, and ends at once."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from types import ModuleType

SELDOM_USED = ("bz2", "inspect", "ipaddress", "locale", "lzma", "zlib")
"""What dataclasses, shutil, subprocess and urllib import and hardly ever use: a tenth of a short command's time."""
ALLOCATIONS = 50_000
"""Objects between two looks for garbage: what imports make stays, so that looking through it finds nothing."""


class Deferred(ModuleType):
    """A module that is loaded when something in it is first asked for.

    importlib.util.LazyLoader does not work here: before Python 3.12 a second import statement already loads its module.
    """

    def __getattr__(self, name: str) -> object:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        module = importlib.import_module(self.__name__)
        vars(self).update(vars(module))
        return getattr(module, name)


def begin() -> None:
    """Makes this process start fast; to be called before anything else is imported."""
    gc.set_threshold(ALLOCATIONS)
    for name in SELDOM_USED:
        sys.modules.setdefault(name, Deferred(name))


def end(code: int) -> None:
    """Ends this process without taking it apart first, which takes longer than a bare interpreter's whole life."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
