"""Stages as the descriptor's tests know them: small, and apart from the real ones."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline_kit.adapters.stores import STORES
from pipeline_kit.catalog import Servers
from pipeline_kit.descriptor.parameter import Kind, Parameter
from pipeline_kit.descriptor.server_words import ServerWords
from pipeline_kit.extensions import Plugins

RUN = Parameter("run", Kind.COMMAND, "The project's code.", required=True)
PARAMETERS = Parameter(
    "parameters", Kind.MAP, "Handed to the code.", default={}, items=Parameter("", Kind.ANY, "A value.")
)
SEED = Parameter("seed", Kind.INTEGER, "The seed.", default=0, minimum=0)
RULE = Parameter(
    "",
    Kind.RECORD,
    "A rule.",
    fields=(
        Parameter("metric", Kind.STRING, "The metric's name.", required=True),
        Parameter("min", Kind.NUMBER, "The least value."),
        Parameter("max", Kind.NUMBER, "The largest value."),
        Parameter("max_drop", Kind.NUMBER, "The largest worsening.", minimum=0),
        Parameter("max_relative_drop", Kind.NUMBER, "The largest share of worsening.", minimum=0, maximum=1),
        Parameter("dataset", Kind.STRING, "The dataset."),
        Parameter("slice", Kind.STRING, "The slice."),
    ),
)

STAGES: dict[str, tuple[Parameter, ...]] = {
    "check": (
        Parameter("duplicates", Kind.NUMBER, "The largest share of doubles.", default=0.0, minimum=0, maximum=1),
    ),
    "prepare": (RUN, PARAMETERS, SEED),
    "build": (Parameter("wheel", Kind.BOOLEAN, "Whether a wheel is made.", default=True),),
    "test": (
        Parameter(
            "paths", Kind.LIST, "Where tests are.", default=["tests"], items=Parameter("", Kind.PATH, "A folder.")
        ),
        Parameter("grace", Kind.DURATION, "How long a test may hang.", default="5m", minimum=10, maximum=3600),
    ),
    "train": (
        RUN,
        PARAMETERS,
        SEED,
        Parameter("rate", Kind.NUMBER, "The rate.", minimum=0, maximum=1, unit="steps", deprecated_names=("speed",)),
    ),
    "evaluate": (
        RUN,
        Parameter("task", Kind.CHOICE, "What is predicted.", choices=("binary", "multiclass", "regression")),
        Parameter("positive", Kind.STRING, "The positive class."),
        Parameter(
            "slices", Kind.LIST, "Columns to slice by.", default=[], items=Parameter("", Kind.STRING, "A column.")
        ),
    ),
    "gate": (
        Parameter("rules", Kind.LIST, "What must hold.", required=True, items=RULE),
        Parameter(
            "baseline",
            Kind.RECORD,
            "What it is compared with.",
            fields=(
                Parameter("from", Kind.STRING, "A package or a name.", required=True, grammar="package"),
                Parameter("first", Kind.CHOICE, "What a first release needs.", choices=("absolute_rules",)),
            ),
        ),
        Parameter("min_rows", Kind.INTEGER, "The fewest rows.", default=1, minimum=1),
    ),
    "package": (Parameter("release", Kind.STRING, "The release's name."),),
    "image": (
        Parameter("repository", Kind.STRING, "Where it is pushed.", required=True, grammar="image"),
        Parameter("base", Kind.PATH, "The Dockerfile."),
    ),
}


class Words:
    """These stages, and the real CI servers."""

    stages: Mapping[str, tuple[Parameter, ...]] = STAGES
    servers: Mapping[str, ServerWords] = Servers()

    stores = STORES.all()

    def with_plugins(self, plugins: Plugins) -> Words:
        """Only what is installed can be used."""
        plugins.versions()
        return self


WORDS = Words()
