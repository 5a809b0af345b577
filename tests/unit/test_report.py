"""The report: what stands in it, and that nothing in it can be more than text."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.unit.records import (
    HOSTILE,
    evidence_of,
    explained,
    finding_of,
    leaky,
    sound,
    verdict_of,
)

from headgate.errors import HeadgateError
from headgate.record import Record, each_text, record_of
from headgate.reports import folder as report_folder
from headgate.reports import pages
from headgate.reports.pages import view
from headgate.reports.pages.comparison import compare
from headgate.verdict import NOT_JUDGED, Verdict

# What a page may consist of. Nothing that runs, loads, embeds or submits is among it.
_MAY_BE = {
    *("html", "head", "meta", "title", "style", "body", "header", "main", "nav", "section"),
    *("article", "footer", "div", "span", "p", "a", "h1", "h2", "h3", "h4", "h5", "ol", "ul"),
    *("li", "dl", "dt", "dd", "table", "caption", "thead", "tbody", "tr", "th", "td", "pre"),
    *("code", "b", "i", "em", "mark", "br", "time", "figure", "figcaption", "details", "summary"),
    *("svg", "defs", "marker", "path", "line", "rect", "text"),
}
_FETCHING = {"src", "srcset", "href", "action", "data", "poster", "background", "style"}


class _Reader(HTMLParser):
    """The elements of a page with their attributes, and its texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def words(self) -> str:
        return re.sub(r"[ \n]+", " ", " ".join(self.texts))


def page(record: Record) -> str:
    return pages.pages([record])["index.html"]


def words(record: Record) -> str:
    return _Reader(page(record)).words


def index(*records: Record) -> str:
    return _Reader(pages.pages(records)["index.html"]).words


# What stands in it


def test_the_decision_and_its_reason_come_first() -> None:
    told = words(leaky()).partition("Controls Environment ")[2]
    places = [told.index(one) for one in ("rejected", "at 2 places", "what was seen", "Findings")]
    assert places == sorted(places)


def test_a_cell_says_what_was_got_there() -> None:
    told = words(leaky())
    assert "400 number 3 refused" in told
    assert "7 wrong 100 nothing" in told
    assert "not tried" in told


def test_numbers_seen_elsewhere_stand_below_the_matrix() -> None:
    assert "4 numbers at the gateway's logs and files" in words(leaky())


def test_alike_findings_are_told_once_with_their_places() -> None:
    (leak, missing) = view.findings(leaky())
    assert (leak.sites, leak.count) == (["shop.example", "mall.example"], 6)
    assert missing.kind == "missing"


def test_what_is_left_of_a_number_is_highlighted() -> None:
    assert "<mark>447700900***</mark>" in page(leaky())


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("id=447700900***&x", ["447700900***"]),
        ("+44 7700 900***", ["+44 7700 900***"]),
        ("a: ***, b: ***", ["***", "***"]),
        ("Accept: */*", []),
    ],
)
def test_masked_numbers_are_told_from_other_stars(text: str, marked: list[str]) -> None:
    pieces = view.segments(text)
    assert [one for one, number in pieces if number] == marked
    assert "".join(one for one, _ in pieces) == text


def test_the_request_of_a_finding_is_shown_as_it_was_sent() -> None:
    assert "as handset 100.64.128.9 sent it, explicit GET / HTTP/1.1" in words(leaky())


def test_an_explanation_takes_the_place_of_what_the_kind_means() -> None:
    told = words(explained())
    assert "Every request gets the number, whatever its site." in told
    assert "nginx.conf:4 proxy_set_header x-up-calling-line-id $number; (sets)" in told
    assert "Minimal request GET / HTTP/1.1 Host: shop.example As a command curl" in told
    assert "arrived where the policy permits nothing" not in told


def test_features_are_told_in_full() -> None:
    told = words(leaky())
    for said in (
        "Feature Ordinary sites @incident What they may learn.",
        "Rule Nobody outside the policy learns who is calling",
        "✗ failed: Example: A shop learns nothing 1.2 s",
        "@trouble with trouble = silent",
        "Given subscribers who have agreed (background) ✓ passed: 200 ms",
        "When they visit ✓ passed: 1.0 s site path a /b",
        "Then nobody learns anything ✗ failed: < 1 ms As the law has it.",
        "And all is well · not reached: not reached",
        "2 findings, the first: leak",
    ):
        assert said in told, said


def test_how_sure_the_run_is_stands_beside_each_family() -> None:
    assert "Handsets visit well-known sites. ordinary 2 600 600 below 0.5 %" in words(sound())
    assert "Handsets visit well-known sites. ordinary 2 600 600 3 " in words(leaky())


def test_lines_that_no_request_has_entered_are_marked() -> None:
    (config, notes) = view.files(evidence_of())
    assert [(one.number, one.state) for one in config.lines if one.state] == [
        (3, "entered"),
        (4, "entered"),
        (6, "never"),
        (7, "unmeasurable"),
    ]
    assert (config.measured, notes.measured) == (True, False)
    told = words(sound())
    assert "locations 1 of 2" in told
    assert "nginx.conf:6 location /old" in told


def test_coverage_that_was_not_measured_is_said_to_be_so() -> None:
    record = replace(sound(), evidence=replace(evidence_of(), coverage=None))
    assert "Which lines were entered was not measured: nobody asked for it." in words(record)


def test_controls_and_environment_are_told() -> None:
    told = words(sound())
    assert "residue A number was left behind in logs or files ✓ yes" in told
    assert "2026-01-10T00:00:00Z" in told
    assert "Seed 5eed Command headgate check configs/next" in told


def test_the_picture_says_in_words_what_it_shows() -> None:
    told = words(leaky())
    assert "80 handsets sent 1\N{NARROW NO-BREAK SPACE}400 requests to the gateway" in told
    assert "14 of all requests told something" in told


def test_a_candidate_that_was_never_started_has_a_page_too() -> None:
    verdict = Verdict("configs/broken", "", NOT_JUDGED, "unknown directive", words="[emerg] oh")
    told = words(record_of(verdict))
    assert "? not-judged unknown directive [emerg] oh" in told
    assert "The negative control was not run." in told


def test_many_sites_are_counted_and_not_all_named() -> None:
    findings = [finding_of(site=f"site{number}.example") for number in range(3000)]
    record = Record(verdict_of(*findings), evidence_of(leaky=True))
    assert "and 2\N{NARROW NO-BREAK SPACE}800 more, which the record has" in words(record)
    assert len(page(record)) < 200_000


# Several candidates


def test_several_candidates_have_a_page_each_and_an_index() -> None:
    names = [*pages.pages([sound(), leaky("a/../../x y"), sound("/")])]
    assert names == ["index.html", "1-released.html", "2-x-y.html", "3-candidate.html"]
    assert 'href="2-x-y.html"' in pages.pages([sound(), leaky("a/x y")])["index.html"]


def test_what_got_worse_is_told() -> None:
    compared = compare(sound(), leaky())
    assert compared.better == []
    assert [(one.what, one.how) for one in compared.worse] == [
        ("the verdict", "rejected against approved"),
        (
            "leak: a number reached someone who is not permitted",
            "header x-up-calling-line-id, at 2 places",
        ),
        (
            "missing: a permitted site did not get the number",
            "header x-up-calling-line-id, at 1 place",
        ),
        ("ordinary sites, explicit, agreed", "7 requests of 107 broke the policy"),
        ("ordinary sites, transparent, agreed", "7 requests of 107 broke the policy"),
        ("“A shop learns nothing”", "failed; it held with the other"),
    ]
    assert compared.alike == 1


def test_what_got_better_is_the_same_the_other_way_round() -> None:
    there, back = compare(sound(), leaky()), compare(leaky(), sound())
    assert (back.better, back.worse) == (there.worse, there.better)


def test_alike_candidates_are_said_to_be_so() -> None:
    assert "Nothing got better and nothing got worse: 2 scenarios ended alike." in index(
        sound(), sound("configs/same")
    )


# Nothing in it is more than text


def hostile() -> Record:
    """A record of which every text was made up by somebody who means ill."""
    record = explained()
    evidence = replace(record.evidence, files={HOSTILE: HOSTILE}, coverage=None, explanations=())
    kept = {"passed", "failed", "rejected", "number", "nothing", "not reached", "undefined"}
    return each_text(
        replace(record, evidence=evidence), lambda text: text if text in kept else HOSTILE
    )


def test_a_hostile_gateways_words_stay_words() -> None:
    for text in pages.pages([hostile(), hostile()]).values():
        read = _Reader(text)
        assert {tag for tag, _ in read.elements} <= _MAY_BE
        assert "<script>alert(1)</script>" in read.words
        assert "{{ 7 * 7 }}" in read.words


def test_nothing_is_fetched_and_nothing_runs() -> None:
    for text in pages.pages([hostile(), leaky()]).values():
        for tag, attributes in _Reader(text).elements:
            assert not {name for name in attributes if name.startswith("on")}
            fetching = {name: one for name, one in attributes.items() if name in _FETCHING}
            assert all(tag == "a" and _is_ours(one) for one in fetching.values()), (tag, fetching)


def _is_ours(address: str) -> bool:
    return bool(re.fullmatch(r"#[a-z]+|index\.html|\d+-[A-Za-z0-9._-]+\.html", address))


def test_what_steers_terminals_or_the_direction_of_writing_is_spelled_out() -> None:
    for text in pages.pages([hostile(), hostile()]).values():
        assert all(c.isprintable() or c in "\n\N{NARROW NO-BREAK SPACE}" for c in text)
        assert r"\x1b[31m\x07\x9b\u202e\ud800" in text


def test_the_policy_of_the_page_lets_its_own_style_through_and_nothing_else() -> None:
    (policy,) = (
        attributes["content"]
        for tag, attributes in _Reader(page(leaky())).elements
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none'; style-src 'sha256-")


# Files


def test_pages_and_their_record_are_written(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "report"
    report_folder.clear(folder)
    report_folder.write(folder, records := [sound(), leaky()], pages.pages(records))
    assert sorted(one.name for one in folder.iterdir()) == [
        "1-released.html",
        "2-next.html",
        "index.html",
        "record.json",
    ]
    record = json.loads((folder / "record.json").read_text())
    assert record["record"] == 1
    assert [one["verdict"]["verdict"] for one in record["candidates"]] == ["approved", "rejected"]
    assert record["candidates"][0]["families"][0]["leak_below"] == 0.005


def test_no_page_of_an_earlier_run_stays(tmp_path: Path) -> None:
    (tmp_path / "own.html").write_text("mine")
    report_folder.clear(tmp_path)
    report_folder.write(tmp_path, records := [sound(), leaky()], pages.pages(records))
    report_folder.clear(tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["own.html"]


def test_a_folder_that_is_none_of_ours_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "1-mine.html").write_text("mine")
    (tmp_path / "index.html").write_text("mine")
    report_folder.clear(tmp_path)
    assert len([*tmp_path.iterdir()]) == 2


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HeadgateError, match=r"file/report: cannot be written: Not a directory"):
        report_folder.clear(tmp_path / "file" / "report")
