"""A run as one HTML page: no network, no script, light and dark, and fit to be printed."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from pipeline_kit.report.documents import DatasetMetrics
from pipeline_kit.report.plots import calibration_drawing, curve_drawing, plan_drawing, roc_drawing
from pipeline_kit.report.quantities import duration, figure
from pipeline_kit.report.summary import RunSummary, counted

if TYPE_CHECKING:
    from jinja2 import Template

TEMPLATE = "report/report.html.j2"


def write_html(summary: RunSummary) -> str:
    """The page. Every value in it is escaped: by the template engine, in drawings by the element tree."""
    from markupsafe import Markup

    return template().render(
        run=summary,
        counted=counted(summary.jobs),
        plan=Markup(plan_drawing(summary.levels())),
        roc={data.name: Markup(roc_drawing(data.roc)) for data in summary.metrics if data.roc},
        calibration={
            data.name: Markup(calibration_drawing(data.calibration)) for data in summary.metrics if data.calibration
        },
        shades={data.name: confusion_shades(data) for data in summary.metrics},
        curves={
            heading: {curve.name: Markup(curve_drawing(curve)) for curve in curves}
            for heading, curves in summary.curves.items()
        },
    )


@cache
def template() -> Template:
    """The page's template. Reading and compiling it takes longer than filling it, so a run does it while jobs work."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        loader=FunctionLoader(_source),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"duration": duration, "figure": figure}
    return environment.get_template(TEMPLATE)


def confusion_shades(data: DatasetMetrics) -> list[list[int]]:
    """How dark each cell of the confusion matrix is, in percent of its row: the share of that true class."""
    return [[round(100 * cell / max(1, sum(row))) for cell in row] for row in data.confusion]


def _source(name: str) -> str:
    return files("pipeline_kit.templates").joinpath(name).read_text(encoding="utf-8")
