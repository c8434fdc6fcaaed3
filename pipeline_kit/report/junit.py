"""JUnit XML, the one report that every CI server shows: written from cases, and read from test runners.

The format is the one that Jenkins's xUnit plugin publishes as junit-10.xsd; GitLab reads the same elements.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from pipeline_kit.contract.result import Case
from pipeline_kit.errors import DataError

if TYPE_CHECKING:
    from xml.etree import ElementTree

FORBIDDEN = "[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
"""All but what XML 1.0 (section 2.2) allows in a document: nothing else can be written, not even escaped."""
IN_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
IN_ATTRIBUTES = IN_TEXT | str.maketrans({'"': "&quot;", "\t": "&#09;", "\n": "&#10;", "\r": "&#13;"})


def write_junit(name: str, cases: Sequence[Case]) -> str:
    """The cases as one test suite. Characters that XML cannot hold are written like `\\x1b`.

    Every job writes one, so this does without an element tree, whose import takes longer than all else here.
    """
    rows = "".join(f"\n    {_written(case, name)}" for case in cases)
    suite = _element("testsuite", {"name": name, **_counts(cases)}, f"{rows}\n  " if rows else "")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n  {suite}\n</testsuites>\n'


def read_junit(text: str) -> tuple[Case, ...]:
    """The cases of a JUnit report, in its order.

    An `error` counts as a failure. Where a case names its file, as pytest's xunit1 family does, the group is the
    file with the classes ("tests/test_x.py::TestY"), else the class name.
    Raises DataError when it is truncated, no JUnit at all, or declares a document type: an entity may blow up or
    read files, and no test runner needs one.
    """
    root = parse(text, "JUnit report")
    if root.tag not in ("testsuites", "testsuite"):
        raise DataError(f"not a JUnit report: its root is {root.tag}")
    return tuple(_case(element) for element in root.iter("testcase"))


def parse(text: str, what: str) -> ElementTree.Element:
    """The root of an XML document. Raises DataError where it is damaged or declares a document type."""
    from xml.etree import ElementTree

    _refuse_doctype(text, what)
    try:
        return ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError) as error:
        raise DataError(f"not a readable {what}: {error}") from error


def clean(text: str) -> str:
    """The text with every character that XML cannot hold written out."""
    if text.isprintable():  # nearly always, and compiling the pattern takes longer than writing a report
        return text
    return re.sub(FORBIDDEN, lambda match: match[0].encode("unicode_escape", "surrogatepass").decode(), text)


def _counts(cases: Iterable[Case]) -> dict[str, str]:
    rows = list(cases)
    failed = sum(case.failure is not None for case in rows)
    skipped = sum(case.failure is None and case.skipped is not None for case in rows)
    seconds = sum(case.seconds for case in rows)
    return {
        "tests": str(len(rows)),
        "failures": str(failed),
        "errors": "0",
        "skipped": str(skipped),
        "time": f"{seconds:.3f}",
    }


def _written(case: Case, suite: str) -> str:
    inner = ""
    if case.failure is not None:
        inner = _element("failure", {"message": case.failure}, _text(case.detail or case.failure))
    elif case.skipped is not None:
        inner = _element("skipped", {"message": case.skipped})
    elif case.detail:
        inner = _element("system-out", {}, _text(case.detail))
    attributes = {"classname": case.group or suite, "name": case.name, "time": f"{case.seconds:.3f}"}
    return _element("testcase", attributes, f"\n      {inner}\n    " if inner else "")


def _element(tag: str, attributes: Mapping[str, str], inner: str = "") -> str:
    """An element; `inner` is XML already."""
    given = "".join(f' {name}="{clean(value).translate(IN_ATTRIBUTES)}"' for name, value in attributes.items())
    return f"<{tag}{given}>{inner}</{tag}>" if inner else f"<{tag}{given} />"


def _text(text: str) -> str:
    return clean(text).translate(IN_TEXT)


def _case(element: ElementTree.Element) -> Case:
    failure = next((item for item in element if item.tag in ("failure", "error")), None)
    skipped = element.find("skipped")
    return Case(
        name=element.get("name", ""),
        group=_group(element),
        seconds=_seconds(element.get("time", "")),
        failure=None if failure is None else failure.get("message") or (failure.text or "failed").strip(),
        detail="" if failure is None else failure.text or "",
        skipped=None if skipped is None else skipped.get("message") or "skipped",
    )


def _group(element: ElementTree.Element) -> str:
    group, file = element.get("classname", ""), element.get("file")
    if not file:
        return group
    module = file.removesuffix(".py").replace("/", ".").replace("\\", ".")
    classes = group.removeprefix(module).strip(".") if group.startswith(module) else ""
    return "::".join([file, *classes.split(".")]) if classes else file


def _seconds(text: str) -> float:
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return 0.0


def _refuse_doctype(text: str, what: str) -> None:
    """Raises DataError at a document type declaration, before anything in it is expanded."""
    from xml.parsers import expat

    def refuse(*declaration: object) -> None:
        raise DataError(f"the {what} declares a document type, which is refused")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(text.encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        raise DataError(f"not a readable {what}: {error}") from error
