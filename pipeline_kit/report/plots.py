"""Drawings of a run as SVG elements: the plan by levels, and curves in a frame.

They are built as an element tree, so that no name in them can become mark-up; colours are the page's CSS classes,
so that they follow light and dark.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree

from pipeline_kit.frozen import frozen
from pipeline_kit.report.documents import Bin, Curve, Point
from pipeline_kit.report.junit import clean
from pipeline_kit.report.summary import JobRow

Element = ElementTree.Element

BOX_WIDTH, BOX_HEIGHT = 136, 40
GAP_ACROSS, GAP_DOWN = 28, 14
NAME_CHARACTERS = 17
READABLE = 0.75
"""The share of its size below which a plan is not drawn: a narrower page scrolls it."""

FRAME_WIDTH, FRAME_HEIGHT = 320, 240
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 10, 34
TICKS = 5
LINE_CLASSES = 6
"""The page has so many colours for lines; more lines begin again."""
POINTS_DRAWN = 400
LINES_DRAWN = 20


def plan_drawing(levels: Sequence[Sequence[JobRow]]) -> str:
    """The jobs as boxes coloured by outcome, a column a level, with an arrow for each need."""
    tallest = max((len(level) for level in levels), default=0)
    width = max(1, len(levels)) * (BOX_WIDTH + GAP_ACROSS) - GAP_ACROSS + 4
    height = max(1, tallest) * (BOX_HEIGHT + GAP_DOWN) - GAP_DOWN + 4
    root = _root(width, height, "The plan: jobs by level, coloured by outcome")
    root.set("style", f"min-width: {width * READABLE:.0f}px")
    places: dict[str, tuple[float, float]] = {}
    for column, level in enumerate(levels):
        free = height - 4 - len(level) * (BOX_HEIGHT + GAP_DOWN) + GAP_DOWN
        for row, job in enumerate(level):
            places[job.name] = (
                2 + column * (BOX_WIDTH + GAP_ACROSS),
                2 + free / 2 + row * (BOX_HEIGHT + GAP_DOWN),
            )
    jobs = [job for level in levels for job in level]
    for job in jobs:
        for need in job.needs:
            if need in places:
                _arrow(root, places[need], places[job.name])
    for job in jobs:
        _box(root, job, places[job.name])
    return _text(root)


def _arrow(root: Element, start: tuple[float, float], end: tuple[float, float]) -> None:
    x, y = start[0] + BOX_WIDTH, start[1] + BOX_HEIGHT / 2
    to_x, to_y = end[0], end[1] + BOX_HEIGHT / 2
    middle = GAP_ACROSS / 2
    path = f"M{x:.1f} {y:.1f}C{x + middle:.1f} {y:.1f} {to_x - middle:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"
    ElementTree.SubElement(root, "path", {"class": "need", "d": path})


def _box(root: Element, job: JobRow, place: tuple[float, float]) -> None:
    x, y = place
    group = ElementTree.SubElement(root, "g", {"class": f"job {job.outcome.value}"})
    ElementTree.SubElement(group, "title").text = clean(f"{job.name}: {job.outcome.value}: {job.reason}")
    size = {"width": str(BOX_WIDTH), "height": str(BOX_HEIGHT), "rx": "6"}
    ElementTree.SubElement(group, "rect", {"x": f"{x:.1f}", "y": f"{y:.1f}", **size})
    name = job.name if len(job.name) <= NAME_CHARACTERS else job.name[: NAME_CHARACTERS - 1] + "…"
    _label(group, x + 10, y + 17, name, style="name")
    _label(group, x + 10, y + 32, job.outcome.value + (", from cache" if job.cached else ""), style="outcome")


def lines_drawing(
    lines: Mapping[str, Sequence[Point]],
    *,
    title: str,
    across: str,
    up: str,
    unit_square: bool = False,
    diagonal: bool = False,
) -> str:
    """Lines in a frame with ticks; `unit_square` holds both axes to 0..1, `diagonal` draws what chance would do."""
    shown = {name: _thinned(points) for name, points in list(lines.items())[:LINES_DRAWN] if points}
    values = [point for points in shown.values() for point in points]
    width, height = FRAME_WIDTH - LEFT - RIGHT, FRAME_HEIGHT - TOP - BOTTOM
    horizontal = Axis(across, 0.0, 1.0) if unit_square else _axis(across, [x for x, _ in values])
    vertical = Axis(up, 0.0, 1.0) if unit_square else _axis(up, [y for _, y in values])
    root = _root(FRAME_WIDTH, FRAME_HEIGHT, title)
    _draw_axes(root, horizontal, vertical)

    def place(point: Point) -> str:
        x = LEFT + horizontal.share(point[0]) * width
        y = FRAME_HEIGHT - BOTTOM - vertical.share(point[1]) * height
        return f"{x:.1f},{y:.1f}"

    if diagonal:
        points = f"{place((0.0, 0.0))} {place((1.0, 1.0))}"
        ElementTree.SubElement(root, "polyline", {"class": "chance", "points": points})
    for number, (name, line) in enumerate(shown.items()):
        _line(root, number, name, [place(point) for point in line])
    return _text(root)


def _line(root: Element, number: int, name: str, places: Sequence[str]) -> None:
    """One line with its name as a tooltip; a lone point is a dot."""
    style = f"line{number % LINE_CLASSES}"
    if len(places) == 1:
        x, y = places[0].split(",")
        drawn = ElementTree.SubElement(root, "circle", {"class": f"dot {style}", "cx": x, "cy": y, "r": "3"})
    else:
        drawn = ElementTree.SubElement(root, "polyline", {"class": f"line {style}", "points": " ".join(places)})
    ElementTree.SubElement(drawn, "title").text = clean(name)


def roc_drawing(curves: Mapping[str, Sequence[Point]]) -> str:
    """ROC curves: the share of found positives over the share of false alarms, by class."""
    title = "ROC curve"
    return lines_drawing(
        curves, title=title, across="false positive rate", up="recall", unit_square=True, diagonal=True
    )


def calibration_drawing(bins: Sequence[Bin]) -> str:
    """Observed frequency over predicted probability, a point per bin; a calibrated model stays on the diagonal."""
    points = {"calibration": [(calibration_bin.predicted, calibration_bin.observed) for calibration_bin in bins]}
    return lines_drawing(
        points,
        title="Calibration",
        across="predicted probability",
        up="share that held",
        unit_square=True,
        diagonal=True,
    )


def curve_drawing(curve: Curve) -> str:
    """One figure of a training over its steps."""
    return lines_drawing({curve.name: curve.points}, title=curve.name, across="step", up=curve.name)


@frozen
class Axis:
    """What an axis shows, and from where to where."""

    name: str
    low: float
    high: float

    def share(self, value: float) -> float:
        """A value's position, from 0 to 1; halved first, since a difference may overflow."""
        share = (value / 2 - self.low / 2) / (self.high / 2 - self.low / 2)
        return min(1.0, max(0.0, share)) if math.isfinite(share) else 0.0

    def tick(self, share: float) -> str:
        """The label at a share of its length."""
        return f"{self.low * (1 - share) + self.high * share:.3g}"


def _axis(name: str, values: Sequence[float]) -> Axis:
    """An axis over the values, never of no length."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    if low == high:
        margin = abs(low) / 2 or 0.5
        return Axis(name, low - margin, high + margin)
    return Axis(name, low, high)


def _draw_axes(root: Element, across: Axis, up: Axis) -> None:
    width, height = FRAME_WIDTH - LEFT - RIGHT, FRAME_HEIGHT - TOP - BOTTOM
    for number in range(TICKS):
        share = number / (TICKS - 1)
        x, y = LEFT + share * width, FRAME_HEIGHT - BOTTOM - share * height
        ends = {"x1": f"{LEFT}", "x2": f"{LEFT + width}", "y1": f"{y:.1f}", "y2": f"{y:.1f}"}
        ElementTree.SubElement(root, "line", {"class": "grid", **ends})
        _label(root, x, FRAME_HEIGHT - BOTTOM + 14, across.tick(share), style="tick", anchor="middle")
        _label(root, LEFT - 6, y + 4, up.tick(share), style="tick", anchor="end")
    _label(root, LEFT + width / 2, FRAME_HEIGHT - 4, across.name, style="axis", anchor="middle")
    label = _label(root, 0, 0, up.name, style="axis", anchor="middle")
    label.set("transform", f"translate(11 {TOP + height / 2:.1f}) rotate(-90)")


def _thinned(points: Sequence[Point]) -> Sequence[Point]:
    """At most so many points as a drawing shows apart; the last one always."""
    if len(points) <= POINTS_DRAWN:
        return points
    step = math.ceil(len(points) / POINTS_DRAWN)
    return [*points[::step], points[-1]]


def _root(width: float, height: float, title: str) -> Element:
    size = {"viewBox": f"0 0 {width:g} {height:g}", "width": f"{width:g}", "height": f"{height:g}"}
    root = Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "role": "img", **size})
    ElementTree.SubElement(root, "title").text = clean(title)
    return root


def _label(parent: Element, x: float, y: float, text: str, *, style: str, anchor: str = "start") -> Element:
    place = {"x": f"{x:.1f}", "y": f"{y:.1f}"}
    label = ElementTree.SubElement(parent, "text", {"class": style, "text-anchor": anchor, **place})
    label.text = clean(text)
    return label


def _text(root: Element) -> str:
    return ElementTree.tostring(root, encoding="unicode")
