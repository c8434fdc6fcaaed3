"""A release that stands on the real cluster while one test after another tries to break it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from pipeline_kit.contract.cluster import Cluster
from pipeline_kit.deploy.record import Content
from tests.deploy import parts
from tests.deploy.real_release import Ground, deploy
from tests.deploy.whole import not_whole


@dataclass
class Standing:
    """One release, live and whole before each test; `old` is what is live then, `new` what may come after it.

    Two versions of the model take turns. A test that leaves anything else behind has failed, or says so by `spoil`:
    the next one then gets a namespace of its own.
    """

    cluster: Cluster
    images: Mapping[str, str]
    namespaces: ExitStack
    ground: Ground = field(init=False)
    old: Content = field(init=False)
    numbers: Any = field(default_factory=lambda: count(1))
    spoiled: bool = True

    def prepare(self) -> Standing:
        """Itself, whole."""
        if self.spoiled or self.found_broken():
            self.ground = self.clear()
            self.old = self.ground.content("v1", next(self.numbers), {})
            deploy(self.ground, self.old)
            assert not_whole(self.ground, self.old) == []
        self.spoiled = False
        return self

    def found_broken(self) -> bool:
        """Whether what the test before left is not one revision, whole."""
        live = self.ground.record().live
        self.old = live.content if live else self.old
        return bool(not_whole(self.ground, self.old))

    def clear(self) -> Ground:
        """A namespace with nothing in it."""
        name = self.namespaces.enter_context(parts.namespace(self.cluster, "faults"))
        return Ground(self.cluster, name, self.images)

    def spoil(self) -> None:
        """Says that the test leaves things in the namespace."""
        self.spoiled = True

    @property
    def old_version(self) -> str:
        """The version that is live."""
        return next(version for version, image in self.images.items() if image == self.old.image)

    @property
    def next_version(self) -> str:
        """The version that is not."""
        return next(version for version, image in self.images.items() if image != self.old.image)

    def new(self, behaviour: str = "", delay: float = 0, **changes: Any) -> Content:
        """A newer commit with the other version of the model, whose pods behave so."""
        variables = {"BEHAVIOUR": behaviour, "DELAY": str(delay)} if behaviour else {}
        return self.ground.content(self.next_version, next(self.numbers), variables, **changes)
