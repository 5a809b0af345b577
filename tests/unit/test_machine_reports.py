"""What machines are given: SARIF, JUnit, annotations, code quality, and a summary in Markdown."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from sarif_pydantic import Sarif
from tests.unit.bundles import LEAK, plain_of

from headgate.disclosure import RULES
from headgate.reports.codequality import codequality
from headgate.reports.findings import complained_of, groups_of
from headgate.reports.github import workflow_commands
from headgate.reports.junit import junit, masked
from headgate.reports.kinds import KINDS
from headgate.reports.markdown import MOST_BYTES, markdown
from headgate.reports.sarif import sarif
from headgate.verdict import APPROVED, NOT_JUDGED, REJECTED, Finding

BASE = Path("/work/tree")
MISSING = replace(LEAK, kind="missing", rule=1, where="header x", form="", sample="", count=1)


def leaks(count: int) -> list[Finding]:
    return [
        replace(LEAK, site=f"shop{at}.example", address=f"198.19.3.{at}") for at in range(count)
    ]


def explained(*places: tuple[str, int], finding: str = "F1") -> dict[str, Any]:
    """A record in which this finding is explained by these lines."""
    record = plain_of(REJECTED, LEAK, MISSING)
    told = [{"file": file, "line": line} for file, line in places]
    record["explanations"] = [{"findings": [finding], "places": told}]
    return record


# What belongs together


def test_one_fault_at_many_sites_is_told_once() -> None:
    (group,) = groups_of(plain_of(REJECTED, *leaks(156)))
    assert group.words == (
        "header x-up-calling-line-id at shop0.example and 155 more, digits, international, "
        "1872 times"
    )


def test_a_fingerprint_is_of_the_fault_and_not_of_the_run() -> None:
    def fingerprints(*findings: Finding) -> list[str]:
        return [one.fingerprint for one in groups_of(plain_of(REJECTED, *findings))]

    other = replace(LEAK, site="other.example", count=3, request="plain/x", subscriber="+44***")
    assert fingerprints(LEAK) == fingerprints(other) == fingerprints(*leaks(9))
    assert len(set(fingerprints(LEAK, MISSING, replace(LEAK, form="base64")))) == 3
    stored = [replace(LEAK, where=f"/var/cache/nginx/{name}") for name in ("1/0c81ab4f77", "2/9d")]
    assert fingerprints(stored[0]) != fingerprints(LEAK)
    assert fingerprints(replace(LEAK, where="a 17")) == fingerprints(replace(LEAK, where="a 8"))


def test_a_finding_is_placed_where_its_explanation_points() -> None:
    first, second = groups_of(explained(("conf.d/30-headers.conf", 12), ("nginx.conf", 7)))
    assert [(one.file, one.line) for one in first.places] == [
        ("conf.d/30-headers.conf", 12),
        ("nginx.conf", 7),
    ]
    assert [(one.file, one.line) for one in second.places] == [("nginx.conf", 1)]


def test_a_broken_scenario_of_ones_own_is_a_finding_for_machines() -> None:
    (group,) = groups_of(plain_of(REJECTED, reason="“A visit” does not hold"))
    assert (group.kind, group.words) == ("scenario", "“A visit” does not hold")
    assert groups_of(plain_of(APPROVED)) == ()


@pytest.mark.parametrize(
    ("reason", "words", "place"),
    [
        (
            "it does not load",
            "nginx: [emerg] x in /etc/nginx/conf.d/a.conf:12\n",
            "conf.d/a.conf:12",
        ),
        ("candidate/gateway.yaml:3:1: unknown key `prots`", "", "gateway.yaml:3"),
        ("the lab failed", "", "nginx.conf:1"),
    ],
)
def test_what_cannot_be_judged_is_placed_where_the_gateway_complains(
    reason: str, words: str, place: str
) -> None:
    found = complained_of(plain_of(NOT_JUDGED, reason=reason, words=words))
    assert f"{found.file}:{found.line}" == place


def test_every_kind_of_finding_is_explained() -> None:
    assert set(KINDS) == set(RULES)
    assert all(one.title and one.meaning and one.mending for one in KINDS.values())


# SARIF


def read_back(log: dict[str, Any]) -> dict[str, Any]:
    """The log as another program understands it; what it does not know is lost."""
    text = Sarif.model_validate(log).model_dump_json(by_alias=True, exclude_none=True)
    found: dict[str, Any] = json.loads(text)
    return found


RECORDS = {
    "approved": plain_of(APPROVED),
    "rejected": plain_of(REJECTED, *leaks(3), MISSING),
    "explained": explained(("conf.d/30 headers.conf", 12), ("nginx.conf", 7)),
    "scenario": plain_of(REJECTED, reason="“A visit” does not hold"),
    "not-judged": plain_of(NOT_JUDGED, digest="", words="in /etc/nginx/nginx.conf:3"),
    "elsewhere": plain_of(REJECTED, LEAK, candidate="/srv/candidates/a"),
}


@pytest.mark.parametrize("name", RECORDS)
def test_sarif_is_understood_by_another_program(name: str) -> None:
    log = sarif([RECORDS[name]], BASE)
    known = read_back(log)
    assert _without_defaults(known, log) == log


def _without_defaults(found: Any, wanted: Any) -> Any:
    """What was read back, without what the other program fills in of its own accord."""
    if isinstance(wanted, dict):
        return {name: _without_defaults(found[name], wanted[name]) for name in wanted}
    if isinstance(wanted, list):
        return [_without_defaults(*pair) for pair in zip(found, wanted, strict=True)]
    return found


def test_sarif_points_at_the_candidates_lines() -> None:
    (run,) = sarif([RECORDS["explained"]], BASE)["runs"]
    first, second = run["results"]
    assert first["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {
                    "uri": "candidate/conf.d/30%20headers.conf",
                    "uriBaseId": "%SRCROOT%",
                },
                "region": {"startLine": 12},
            }
        }
    ]
    assert len(first["relatedLocations"]) == 1
    assert first["ruleId"] == run["tool"]["driver"]["rules"][first["ruleIndex"]]["id"] == "leak"
    assert (second["ruleId"], "relatedLocations" in second) == ("missing", False)


def test_sarif_says_that_nothing_was_judged() -> None:
    (run,) = sarif([RECORDS["not-judged"]], BASE)["runs"]
    (invocation,) = run["invocations"]
    (told,) = invocation["toolExecutionNotifications"]
    assert (invocation["executionSuccessful"], run["results"]) == (False, [])
    assert told["message"]["text"] == "not judged: the reason"
    assert told["locations"][0]["physicalLocation"]["region"] == {"startLine": 3}


def test_sarif_of_a_candidate_outside_the_tree_names_the_file_itself() -> None:
    (run,) = sarif([RECORDS["elsewhere"]], BASE)["runs"]
    location = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location == {"uri": "file:///srv/candidates/a/nginx.conf"}


def test_sarif_of_many_sites_stays_small() -> None:
    log = sarif([plain_of(REJECTED, *leaks(5000))], BASE)
    assert len(json.dumps(log)) < 64 << 10


# GitHub and GitLab


def test_annotations_are_escaped() -> None:
    record = plain_of(REJECTED, replace(LEAK, where="a%b\r\nc"), candidate="a,b:c")
    (line,) = workflow_commands(record, BASE)
    assert line.startswith("::error file=a%2Cb%3Ac/nginx.conf,line=1,title=headgate leak%3A A n")
    assert "::a%25b%0D%0Ac at shop.example" in line


def test_what_is_approved_is_not_annotated() -> None:
    assert list(workflow_commands(RECORDS["approved"], BASE)) == []


def test_what_was_not_judged_is_annotated() -> None:
    (line,) = workflow_commands(RECORDS["not-judged"], BASE)
    assert line == (
        "::error file=candidate/nginx.conf,line=3,title=candidate%3A not judged::the reason"
    )


def test_code_quality_is_as_gitlab_wants_it() -> None:
    records = [RECORDS["rejected"], RECORDS["elsewhere"], RECORDS["not-judged"]]
    issues = codequality(records, BASE)
    assert [one["check_name"] for one in issues] == [
        "headgate-leak",
        "headgate-missing",
        "headgate-leak",
        "headgate-not-judged",
    ]
    assert len({one["fingerprint"] for one in issues}) == 4
    assert issues[0]["location"] == {"path": "candidate/nginx.conf", "lines": {"begin": 1}}
    wanted = {"description", "check_name", "fingerprint", "severity", "location"}
    assert all(set(one) == wanted for one in issues)


# JUnit

PYTESTS = b"""<?xml version="1.0" encoding="utf-8"?>
<testsuites name="pytest tests"><testsuite name="pytest" errors="0" failures="1" skipped="0"
 tests="2" time="1.234" timestamp="2026-11-27T23:11:24.123456+00:00"><testcase classname="f"
 name="A visit" time="0.1"/><testcase classname="f" name="to 447700900123" time="0.123456789"
><failure message="leak to +44 7700 900123">assert '447700900123'</failure></testcase></testsuite>
</testsuites>"""


def shown(text: str) -> str:
    return text.replace("NDQ3NzAwOTAwMTIz", "***")


def test_junit_is_pytests_own_and_masked() -> None:
    written = masked(PYTESTS.replace(b"A visit", b"NDQ3NzAwOTAwMTIz"), shown)
    root = ET.fromstring(junit([(RECORDS["rejected"], written)]))
    (suite,) = root.findall("testsuite")
    assert suite.get("name") == "candidate"
    assert suite.get("timestamp") == "2026-11-27T23:11:24.123456+00:00"
    names = [case.get("name") for case in suite.findall("testcase")]
    assert names == ["the candidate is approved", "***", "to 447700900***"]
    (failure,) = suite.findall("testcase[@name='to 447700900***']/failure")
    assert (failure.get("message"), failure.text) == (
        "leak to +447700900***",
        "assert '447700900***'",
    )


@pytest.mark.parametrize(
    ("name", "counts"),
    [("approved", ("3", "1", "0")), ("rejected", ("3", "2", "0")), ("not-judged", ("3", "1", "1"))],
)
def test_junit_has_the_verdict_as_a_test(name: str, counts: tuple[str, ...]) -> None:
    root = ET.fromstring(junit([(RECORDS[name], PYTESTS)]))
    for element in (root, root[0]):
        told = tuple(element.get(name) for name in ("tests", "failures", "errors"))
        assert told == counts


def test_junit_is_green_for_an_approval_alone() -> None:
    for name, record in RECORDS.items():
        root = ET.fromstring(junit([(record, None)]))
        green = (root.get("failures"), root.get("errors")) == ("0", "0")
        assert green == (name == "approved")


def test_junit_holds_whatever_a_gateway_says() -> None:
    record = plain_of(NOT_JUDGED, words="\x1b[31m\0 <&> ￾ \udc80", reason="a\x01b")
    root = ET.fromstring(junit([(record, None)]))
    (error,) = root.iter("error")
    assert error.get("message") == "not-judged: a?b"


# Markdown


def test_a_summary_says_the_verdict_first() -> None:
    lines = markdown([RECORDS["rejected"]]).splitlines()
    assert lines[2] == "### ❌ rejected: `candidate`"
    assert lines[4] == "the reason"
    assert "| **leak** | header x-up-calling-line-id at shop0.example and 2 more" in lines[8]


def test_a_summary_of_several_begins_with_all_of_them() -> None:
    text = markdown(list(RECORDS.values()))
    assert text.startswith("## Headgate: 6 candidates\n\n|  | candidate | reason |\n")


def test_a_summary_stays_below_what_code_hosts_take() -> None:
    many = [
        plain_of(NOT_JUDGED, words="x" * 400 + "\n" * 50, candidate=f"c{at}") for at in range(900)
    ]
    text = markdown(many)
    assert len(text.encode()) < MOST_BYTES
    assert "more candidates, which verdict.json has." in text


def test_words_of_others_are_no_markdown() -> None:
    hostile = "a|b `c` <img src=x> [d](e) *f* @everyone\n# g"
    record = plain_of(
        REJECTED, replace(LEAK, where=hostile, sample=hostile), reason=hostile, candidate="x`|y"
    )
    text = markdown([record, record])
    assert "<img" not in text.replace("\\<img", "").replace("`` a|b 'c' <img", "")
    assert "@everyone" not in text.replace("*f* @everyone", "")
    rows = [line for line in text.splitlines() if line.startswith("| **leak**")]
    assert all(row.replace("\\|", "").count("|") == 5 for row in rows)
    assert "\n# g" not in text


def test_what_the_gateway_said_cannot_leave_its_box() -> None:
    text = markdown([plain_of(NOT_JUDGED, words="a\n```\n# b")])
    assert text.count("```") == 2
