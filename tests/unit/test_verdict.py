"""Findings are grouped, verdicts have their exits, and the JSON is the contract's."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.unit.fakes import ADA, BOB

from headgate.disclosure import Disclosure
from headgate.numbers import Subscriber
from headgate.verdict import EXIT, Finding, Verdict, as_json, findings_from, worst


def disclosure(
    kind: str = "leak",
    site: str = "shop.example",
    subscriber: Subscriber | None = ADA,
    form: str = "digits, international",
    where: str = "header x-up-calling-line-id",
    request: str = "ordinary/a1",
) -> Disclosure:
    sample = "…line-id: 447700900***"
    return Disclosure(kind, site, "198.19.3.7", subscriber, form, where, request, sample)


def verdict(word: str, *findings: Finding, **more: Any) -> Verdict:
    return Verdict("gateway_config/released", "sha256:ab", word, "a reason", findings, **more)


def test_a_finding_is_all_disclosures_of_one_kind_at_one_place_of_one_site() -> None:
    (finding,) = findings_from(
        [disclosure(), disclosure(subscriber=BOB, request="ordinary/b2"), disclosure()]
    )
    assert finding == Finding(
        kind="leak",
        rule=2,
        site="shop.example",
        address="198.19.3.7",
        subscriber="+447700900***",
        form="digits, international",
        where="header x-up-calling-line-id",
        request="ordinary/a1",
        count=3,
        sample="…line-id: 447700900***",
        id="F1",
    )


def test_findings_differ_by_kind_site_form_and_place_in_the_order_seen() -> None:
    seen = [
        disclosure(where="cookie"),
        disclosure(),
        disclosure(form="base64"),
        disclosure(where="cookie"),
        disclosure(site="news.example"),
        disclosure(kind="excess"),
    ]
    found = findings_from(seen)
    assert [(one.kind, one.site, one.form[:6], one.where[:6], one.count) for one in found] == [
        ("leak", "shop.example", "digits", "cookie", 2),
        ("leak", "shop.example", "digits", "header", 1),
        ("leak", "shop.example", "base64", "header", 1),
        ("leak", "news.example", "digits", "header", 1),
        ("excess", "shop.example", "digits", "header", 1),
    ]


def test_nothing_disclosed_is_nothing_found() -> None:
    assert findings_from([]) == ()


def test_a_finding_about_nobody_names_nobody() -> None:
    (finding,) = findings_from([disclosure(kind="fail-open", subscriber=None)])
    assert (finding.subscriber, finding.rule) == ("", 4)


@pytest.mark.parametrize(("word", "status"), [("approved", 0), ("rejected", 1), ("not-judged", 2)])
def test_each_verdict_has_its_exit(word: str, status: int) -> None:
    assert verdict(word).exit == EXIT[word] == status


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ([], 2),
        (["approved"], 0),
        (["approved", "approved"], 0),
        (["approved", "rejected", "approved"], 1),
        (["not-judged", "rejected"], 2),
        (["rejected", "not-judged"], 2),
        (["approved", "not-judged"], 2),
    ],
)
def test_the_exit_for_several_is_that_of_the_worst(words: list[str], status: int) -> None:
    assert worst([verdict(word) for word in words]) == status


def test_the_json_is_the_contracts() -> None:
    judged = verdict(
        "rejected",
        *findings_from([disclosure()]),
        requests=2412,
        sites=180,
        handsets=64,
        seconds=2.9049,
    )
    (candidate,) = json.loads(json.dumps(as_json([judged])))["candidates"]
    contract = {
        "candidate": "gateway_config/released",
        "digest": "sha256:ab",
        "verdict": "rejected",
        "reason": "a reason",
        "findings": [
            {
                "kind": "leak",
                "rule": 2,
                "site": "shop.example",
                "address": "198.19.3.7",
                "subscriber": "+447700900***",
                "form": "digits, international",
                "where": "header x-up-calling-line-id",
                "request": "ordinary/a1",
                "count": 1,
                "sample": "…line-id: 447700900***",
                "id": "F1",
            }
        ],
        "requests": 2412,
        "sites": 180,
        "handsets": 64,
        "seconds": 2.9,
    }
    assert {key: candidate[key] for key in contract} == contract
    assert list(candidate)[: len(contract)] == list(contract)


def test_several_candidates_keep_their_order() -> None:
    both = as_json([verdict("approved"), verdict("not-judged")])
    assert [one["verdict"] for one in both["candidates"]] == ["approved", "not-judged"]
