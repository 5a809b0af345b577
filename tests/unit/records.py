"""A record as a run leaves it, small, with something of everything in it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from headgate.record import (
    STATES,
    Cell,
    Control,
    Controls,
    Elsewhere,
    Environment,
    Evidence,
    Family,
    Feature,
    Law,
    Matrix,
    Permitted,
    Record,
    Rule,
    Scenario,
    Sent,
    Step,
    Traffic,
)
from headgate.verdict import APPROVED, REJECTED, Finding, Verdict

# What a gateway could write to break out of where it is shown.
HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>\"'><b>{{ 7 * 7 }}</b>"
    "\x1b[31m\x07\x9b\N{RIGHT-TO-LEFT OVERRIDE}\ud800"
)

CONFIG = """\
server {
    listen 8080;
    location / {
        proxy_set_header x-up-calling-line-id $number;
    }
    location /old {
        return 204;
    }
}
"""

_GROUPS = ("premium", "look-alikes", "ordinary sites")


def finding_of(kind: str = "leak", site: str = "shop.example", **more: Any) -> Finding:
    told: dict[str, Any] = {
        "rule": 2,
        "address": "198.51.100.7",
        "subscriber": "+447700900***",
        "form": "digits, international",
        "where": "header x-up-calling-line-id",
        "request": "ordinary/k2s9",
        "count": 3,
        "sample": "…Accept: */*\\r\\nx-up-calling-line-id: 447700900***\\r\\n\\r\\n",
        **more,
    }
    return Finding(kind, site=site, **told)


def verdict_of(*findings: Finding, candidate: str = "configs/next") -> Verdict:
    word = REJECTED if findings else APPROVED
    reason = "leak: header x-up-calling-line-id at 2 places" if findings else "every rule held"
    return Verdict(candidate, "sha256:0", word, reason, findings, 1234, 60, 80, 12.5, seed="5eed")


def scenario_of(title: str, ended: str = "passed", problem: str = "") -> Scenario:
    last = {"passed": "passed", "failed": "failed"}.get(ended, "undefined")
    return Scenario(
        "Example",
        title,
        5,
        ended=ended,
        problem=problem,
        seconds=1.25,
        tags=("trouble",),
        example={"trouble": "silent"},
        steps=(
            Step("Given", "subscribers who have agreed", 6, "passed", 0.2, background=True),
            Step("When", "they visit", 7, "passed", 1.0, table=(("site", "path"), ("a", "/b"))),
            Step("Then", "nobody learns anything", 8, last, 0.0002, text="As the law has it."),
            Step("And", "all is well", 9, "passed" if ended == "passed" else "not reached"),
        ),
    )


def evidence_of(*, leaky: bool = False) -> Evidence:
    ended = ("failed", "2 findings, the first: leak") if leaky else ("passed", "")
    return Evidence(
        law=Law(
            "policy.yaml", "sha256:1", "x-up-calling-line-id", "{msisdn}", True, 0.0,
            sites=(Permitted("premium.example", "premium", ("/offers/",), (80,)),),
        ),
        features=(
            Feature(
                "features/a.feature", "Ordinary sites", "What they may learn.", tags=("incident",),
                rules=(
                    Rule(
                        "Nobody outside the policy learns who is calling",
                        scenarios=(
                            scenario_of("A shop learns nothing", *ended),
                            scenario_of("A look-alike learns nothing"),
                        ),
                    ),
                ),
            ),
        ),
        matrix=_matrix(leaky=leaky),
        families=(
            Family("ordinary", "Handsets visit well-known sites.", 2, 600, 600, 3 * leaky),
            Family("permitted", "Handsets visit permitted sites.", 1, 800, 0, 0, 800),
        ),
        controls=Controls((Control("leak", True), Control("residue", True)), 800, 1400, 1300),
        traffic=Traffic(80, {"explicit": 700, "transparent": 700}, 800, 10, 600, 400, 12, 90, 300),
        environment=Environment(
            "sha256:0", "sha256:1", {"headgate/gateway": "sha256:2"}, "0.1", {"engine": "docker"},
            {"python": "3.11"}, "5eed", "2026-01-10T00:00:00Z", "2026-01-10T00:00:12Z",
            "headgate check configs/next",
        ),
        sent=(Sent("ordinary/k2s9", "100.64.128.9", "explicit", "shop.example", "GET / HTTP/1.1"),),
        files={"nginx.conf": CONFIG, "notes.txt": "nothing\n"},
        coverage={
            "measured": True, "why": "",
            "figures": {
                "locations": {"entered": 1, "all": 2}, "maps": {"entered": 0, "all": 0},
            },
            "never_entered": [
                {"kind": "location", "file": "nginx.conf", "line": 6, "last": 8,
                 "words": "location /old"},
            ],
            "lines": {
                "nginx.conf": {"entered": [3, 4], "never entered": [6], "not measurable": [7]},
            },
        },
    )  # fmt: skip


def _matrix(*, leaky: bool) -> Matrix:
    cells = tuple(
        _cell(group, mode, state, leaky=leaky)
        for group in _GROUPS
        for mode in ("explicit", "transparent")
        for state in STATES
    )
    elsewhere = (Elsewhere("the gateway's logs and files", 4),) if leaky else ()
    return Matrix(_GROUPS, ("premium",), ("explicit", "transparent"), STATES, cells, elsewhere)


def _cell(group: str, mode: str, state: str, *, leaky: bool) -> Cell:
    if state == "unknown":
        return Cell(group, mode, state, "nothing")
    if (group, state) == ("premium", "agreed"):
        return Cell(group, mode, state, "number", number=400, refused=3)
    wrong = 7 if leaky and (group, state) == ("ordinary sites", "agreed") else 0
    return Cell(group, mode, state, "nothing", nothing=100, wrong=wrong)


def sound(candidate: str = "configs/released") -> Record:
    return Record(verdict_of(candidate=candidate), evidence_of())


def leaky(candidate: str = "configs/next") -> Record:
    found = (finding_of(), finding_of(site="mall.example"), finding_of("missing", sample="403"))
    return Record(verdict_of(*found, candidate=candidate), evidence_of(leaky=True))


def explained() -> Record:
    """The leak, with what others have found out about it."""
    told = {
        "findings": ["F1"],
        "sentence": "Every request gets the number, whatever its site.",
        "request": {"requests": [{"raw": "GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n"}]},
        "curl": "curl --proxy 100.64.0.1:8080 http://shop.example/",
        "places": [{"file": "nginx.conf", "line": 4, "text": "", "does": "sets"}],
    }
    record = leaky()
    return replace(record, evidence=replace(record.evidence, explanations=(told,)))
