"""Carrying out the actions of a step at a target."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipeline_kit.deploy.clock import Clock
from pipeline_kit.deploy.record import Content
from pipeline_kit.deploy.steps import Action, Retire, SetShares, Side, Start, Step, Verify, WaitReady, problem_of
from pipeline_kit.deploy.strategy import Change
from pipeline_kit.deploy.target import Rollout
from pipeline_kit.deploy.verification import Expected, verify_instances
from pipeline_kit.errors import UsageError


@dataclass(frozen=True, slots=True)
class Transition:
    """From what is live to what is new, and what the instances of the new revision must answer."""

    new: Content
    live: Content | None
    expected: Expected

    def content(self, side: Side) -> Content:
        """The content of a side. Raises UsageError where a strategy acts on a live revision that does not exist."""
        content = self.new if side is Side.NEW else self.live
        if content is None:
            message = "the strategy has an action about the live revision, and nothing is live"
            raise UsageError(message, hint="choose another `strategy`")
        return content

    def other(self, side: Side) -> Content | None:
        """The content of the other side, or None."""
        return self.live if side is Side.NEW else self.new

    def expected_of(self, side: Side) -> Expected:
        """What the instances of a side must answer."""
        return self.expected if side is Side.NEW else expected_of(self.content(side))


@dataclass(frozen=True, slots=True)
class Performer:
    """Performs actions at a target, while `allowed` does not raise."""

    rollout: Rollout
    clock: Clock
    allowed: Callable[[], None]

    def change(self, transition: Transition) -> Change:
        """What a strategy decides by."""
        live = transition.live
        return Change(self.rollout.replicas(transition.new), None if live is None else self.rollout.replicas(live))

    def perform(self, action: Action, transition: Transition) -> tuple[str, ...]:
        """Performs one action; the names of the instances that were verified, if it verifies."""
        if isinstance(action, SetShares):
            self.rollout.set_shares(transition.new, transition.live, action.new_percent)
            return ()
        content = transition.content(action.side)
        match action:
            case Start(_, replicas, in_place):
                self.rollout.start(content, replicas, in_place=in_place)
            case WaitReady(_, patient):
                self.rollout.wait(content, patient=patient)
            case Retire(side):
                self.rollout.retire(content, transition.other(side))
            case Verify(side):
                return self.verify(content, transition.expected_of(side))
        return ()

    def verify(self, content: Content, expected: Expected) -> tuple[str, ...]:
        """The names of the instances that serve, all of which answered as they must."""
        return verify_instances(self.rollout, self.clock, self.allowed, content, expected)

    def refuse_unable(self, steps: Sequence[Step], transition: Transition) -> None:
        """Raises UsageError where no record can keep the steps, or the target cannot do them or their undo."""
        if problem := problem_of(steps):
            raise UsageError(f"the strategy cannot be recorded: {problem}", hint="choose another `strategy`")
        for action in (action for step in steps for action in (*step.actions, *step.undo)):
            side = Side.NEW if isinstance(action, SetShares) else action.side
            if reason := self.rollout.unable(action, transition.content(side)):
                raise UsageError(f"the strategy does not fit the target: {reason}", hint="choose another `strategy`")


def expected_of(content: Content) -> Expected:
    """What the instances of a recorded revision must answer: by which model they predict."""
    return Expected(content.port, content.model_digest)
