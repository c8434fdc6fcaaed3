"""A project's own process: writes down all that it was given, secrets by digest."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path

SECRET = "PIPELINE_KIT_SECRET_"

job = json.loads(Path(os.environ["PIPELINE_KIT_JOB"]).read_text(encoding="utf-8"))
secrets = {name: value for name, value in os.environ.items() if name.startswith(SECRET)}
seen = {
    "argv": sys.argv[1:],
    "parameters": job["parameters"],
    "variables": {name: value for name, value in os.environ.items() if name.startswith("VALUE_")},
    "data": Path(job["inputs"]["data.rows"]).read_text(encoding="utf-8"),
    "secrets": {name: hashlib.sha256(value.encode()).hexdigest() for name, value in secrets.items()},
}
Path(job["outputs"]["seen"]).write_text(json.dumps(seen), encoding="utf-8")
