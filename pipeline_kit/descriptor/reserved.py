"""Names that no job may have, because a CI server, its language, YAML or the kit reads them as its own."""

from __future__ import annotations

_YAML = "yes no on off y n"
# Inputs are written `data.NAME` and `JOB.OUTPUT`.
_KIT = "data"

RESERVED: dict[str, str] = {
    name: owner for owner, names in (("pipeline-kit", _KIT), ("YAML", _YAML)) for name in names.split()
}
"""Each reserved name with its owner; a server's own are in its `server.yml`."""
