"""The strategy `rolling`: the target replaces instances one by one; an old one ends when a new one is ready."""

from __future__ import annotations

from pipeline_kit.deploy.steps import Action, Retire, Side, Start, Step, Verify, WaitReady
from pipeline_kit.deploy.strategy import Change, Replacement
from pipeline_kit.frozen import frozen


@frozen
class Rolling:
    """Replaces all instances in place, then proves them, then removes what the revision before alone had."""

    replacement: Replacement = Replacement(surge=1, unavailable=0)

    def steps(self, change: Change) -> tuple[Step, ...]:
        """Apply, wait, verify, prune. The names are those that records have had since the first version.

        Whoever continues begins with `apply`, since others may have changed anything while no deployer was watching.
        """
        live = change.live_replicas
        new = Side.NEW
        return (
            Step("apply", (Start(new, change.replicas, in_place=True),), undo=undo_start(live)),
            Step("ready", (WaitReady(new),), resumable=False),
            Step("verify", (Verify(new),), resumable=False),
            Step("prune", (*retire_live(live), WaitReady(new)), undo=undo_retire(live), resumable=False),
        )


def undo_start(live: int | None) -> tuple[Action, ...]:
    """Puts the live revision back in the place of the new one; without one, removes the new one."""
    if live is None:
        return (Retire(Side.NEW),)
    side = Side.LIVE
    return (Start(side, live, in_place=True), Retire(Side.NEW), WaitReady(side, patient=True), Verify(side))


def retire_live(live: int | None) -> tuple[Action, ...]:
    """Removes what only the revision before had; nothing for a first release."""
    return () if live is None else (Retire(Side.LIVE),)


def undo_retire(live: int | None) -> tuple[Action, ...]:
    """Starts again what was removed."""
    return () if live is None else (Start(Side.LIVE, live, in_place=True),)


ROLLING = Rolling()
