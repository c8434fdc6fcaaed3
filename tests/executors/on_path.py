"""The kit that is tested, where CI files look for it."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def kit_on_path() -> dict[str, str]:
    """Variables with which the CI files find the kit that is tested: their `pip install` finds it installed."""
    return {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
