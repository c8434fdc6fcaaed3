"""JUnit: what is written can be read, whatever it holds; what is read cannot hurt."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_kit.contract.result import Case
from pipeline_kit.errors import DataError
from pipeline_kit.report.junit import clean, read_junit, write_junit

CASES = (
    Case("one", "group", 0.5),
    Case("two", "group", 1.25, failure="it is <wrong> & 'so'", detail="line 1\nline 2"),
    Case("three", "group", skipped="not today"),
)


def test_what_is_written_is_read_back() -> None:
    """Names, groups, seconds, failures and skips survive."""
    assert read_junit(write_junit("suite", CASES)) == CASES


def test_the_suite_counts_its_cases() -> None:
    """A CI server reads the numbers from the suite."""
    root = ElementTree.fromstring(write_junit("suite", CASES))
    suite = root[0]
    assert (root.tag, suite.tag) == ("testsuites", "testsuite")
    assert {name: suite.get(name) for name in ("name", "tests", "failures", "skipped", "time")} == {
        "name": "suite",
        "tests": "3",
        "failures": "1",
        "skipped": "1",
        "time": "1.750",
    }


@given(st.text(), st.text(), st.text())
def test_any_text_makes_a_readable_report(name: str, group: str, failure: str) -> None:
    """Control characters, half surrogates and mark-up: the report stays XML, and the case stays failed."""
    (case,) = read_junit(write_junit(name, [Case(name, group, failure=failure, detail=failure)]))
    assert case.failure is not None
    assert case.name.split() == clean(name).split()


def test_characters_that_xml_cannot_hold_are_written_out() -> None:
    """A colour code of a failing test is seen, not lost."""
    (case,) = read_junit(write_junit("suite", [Case("one", failure="\x1b[31mred\x00")]))
    assert case.failure == "\\x1b[31mred\\x00"


def test_pytests_own_report_names_files_and_classes() -> None:
    """The group is what pytest's command line takes."""
    text = """<testsuites><testsuite>
      <testcase classname="tests.test_a" file="tests/test_a.py" name="test_one" time="0.1"/>
      <testcase classname="tests.test_a.TestB.TestC" file="tests/test_a.py" name="test_two[1-x]" time="1,000.5">
        <failure message="AssertionError: no">trace</failure></testcase>
      <testcase classname="tests.test_a" file="tests/test_a.py" name="test_three">
        <error message="failed on setup"/></testcase>
      <testcase classname="" name="tests.test_bad"><error>cannot import</error></testcase>
    </testsuite></testsuites>"""
    cases = read_junit(text)
    assert [case.group for case in cases] == ["tests/test_a.py", "tests/test_a.py::TestB::TestC", "tests/test_a.py", ""]
    assert [case.failure for case in cases] == [None, "AssertionError: no", "failed on setup", "cannot import"]
    assert (cases[1].seconds, cases[1].detail) == (1000.5, "trace")


BAD = {
    "truncated": "<testsuites><testsuite>",
    "empty": "",
    "another format": "<html/>",
    "a document type": '<!DOCTYPE x [<!ENTITY a "b">]><testsuite/>',
    "an entity that reads a file": '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><testsuite>&a;</testsuite>',
    "an unknown entity": "<testsuite>&a;</testsuite>",
}


@pytest.mark.parametrize("fault", BAD)
def test_what_is_no_report_is_refused(fault: str) -> None:
    """Truncated, foreign or hostile XML is an error that says so."""
    with pytest.raises(DataError, match="JUnit report"):
        read_junit(BAD[fault])
