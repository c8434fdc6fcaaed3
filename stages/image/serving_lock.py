"""The lock file of what serves: nothing in it is at another version than the model was trained with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pipeline_kit.contract.lock import Lock, read_pins, same_version
from pipeline_kit.errors import ProjectError


def deviations(serving: Lock, training: Lock) -> list[str]:
    """What serving would have otherwise than training had, a sentence each, sorted by name."""
    entries = []
    for name in sorted(serving.pins):
        pin, trained = serving.pins[name], training.pins.get(name)
        if trained is None:
            entries.append(
                f"{name} {pin.version or 'from a URL'} is not in the lock file that the model was trained with"
            )
        elif pin.version is None or trained.version is None:
            if pin.requirement != trained.requirement:
                entries.append(f"{name} is pinned by another URL than the model was trained with")
        elif not (same_version(pin.version, trained.version) or same_version(trained.version, pin.version)):
            entries.append(f"{name} is {pin.version}, and {trained.version} where the model was trained")
    return entries


def check_serving_lock(serving: Path, training: Path, markers: Mapping[str, str]) -> None:
    """Raises ProjectError naming every requirement that is not what the model was trained with."""
    locks = [read_pins(path.read_text(encoding="utf-8"), markers) for path in (serving, training)]
    if locks[0].faults:
        raise ProjectError(f"{serving.name} pins no exact versions: {locks[0].faults[0]}", hint="pin each with ==")
    names = deviations(locks[0], locks[1])
    if names:
        hint = f"serving shares its versions with training: pin them alike in {serving.name} and {training.name}"
        raise ProjectError(f"{serving.name} is not what the model was trained with: {'; '.join(names)}", hint=hint)
