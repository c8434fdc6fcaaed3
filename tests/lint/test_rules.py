"""The table of rules, its page, and the examples in it."""

from __future__ import annotations

import os
import re

from pipeline_kit.lint.finding import Rule
from pipeline_kit.servers.lint import check_file, rules
from tests.conftest import ROOT
from tests.lint.cases import GITLAB, JENKINS
from tests.lint.test_broken import UPDATE

PAGE = ROOT / "docs" / "lint.md"
TABLE = re.compile(r"(<!-- rules: (\w\w) -->\n).*?(?=<!-- end of rules -->)", re.DOTALL)
SHORTENED = {"GL024"}  # its example would be 51 jobs long


def row(rule: Rule) -> str:
    example = rule.example.replace("|", "\\|").replace("\n", "`<br>`")
    return f"| {rule.id} | {rule.level.value} | {rule.what} | `{example}` | {rule.fix.replace('|', chr(92) + '|')} |\n"


def table(prefix: str) -> str:
    rows = "".join(row(rule) for rule in rules() if rule.id.startswith(prefix))
    return f"\n| rule | level | what it finds | example | what to do |\n|---|---|---|---|---|\n{rows}\n"


def test_an_example_shows_its_rule_alone() -> None:
    """What the page shows is what the linter reports."""
    reported = {rule.id: rules_reported(rule) for rule in rules() if rule.id not in SHORTENED}
    assert reported == {name: {name} for name in reported}


def rules_reported(rule: Rule) -> set[str]:
    """The rules that the linter reports for a rule's example."""
    name = GITLAB if rule.id.startswith("GL") else JENKINS
    return {finding.rule for finding in check_file(name, rule.example.encode())}


def test_rules_have_names_of_their_own() -> None:
    """An id is never used twice, and says whose file it is about."""
    ids = [rule.id for rule in rules()]
    assert len(set(ids)) == len(ids)
    assert ids == sorted(ids)
    assert all(re.fullmatch(r"(GL|JK)0\d\d", each) for each in ids)


def test_the_page_lists_every_rule() -> None:
    """The documentation is the table in the code; PIPELINE_KIT_UPDATE_GOLDEN=1 writes it anew."""
    text = PAGE.read_text(encoding="utf-8")
    written = TABLE.sub(lambda match: match[1] + table(match[2]), text)
    if os.environ.get(UPDATE) == "1" and "CI" not in os.environ:
        PAGE.write_text(written, encoding="utf-8")
    assert len(TABLE.findall(text)) == 2
    assert written == PAGE.read_text(encoding="utf-8")
